"""Colour profiles (ICC.1:2022): what a screen's profile tells about the screen beside its colours, its serial number for one, goes."""

import struct

# The tags that say how colours are meant, and what the profile is called. Makers' and calibrating programs' own are not among them.
_TAGS = {
    *(b"desc", b"cprt", b"dscm", b"dmnd", b"dmdd", b"wtpt", b"bkpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC"),
    *(b"chad", b"chrm", b"lumi", b"meas", b"tech", b"view", b"vued", b"cicp", b"gamt", b"clro", b"clrt", b"ciis", b"rig0", b"rig2"),
    *(b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"B2A0", b"B2A1", b"B2A2", b"B2A3", b"pre0", b"pre1", b"pre2"),
    *(b"D2B0", b"D2B1", b"D2B2", b"D2B3", b"B2D0", b"B2D1", b"B2D2", b"B2D3"),
}  # fmt: skip
MOST_TAGS = 1000
LARGEST = 16 << 20


def clean(profile: bytes) -> bytes:
    """The profile with private tags written over, as long as before; empty when it is none that anybody could use."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return b""
    (count,) = struct.unpack_from(">I", profile, 128)
    behind = 132 + 12 * count
    if count > MOST_TAGS or behind > len(profile):
        return b""
    kept = [(0, behind)]
    own: list[int] = []
    for at in range(132, behind, 12):
        kind, offset, size = struct.unpack_from(">4sII", profile, at)
        if kind in _TAGS:
            kept.append((offset, offset + size))
        else:
            own.append(at)
    if not own:
        return profile
    cleaned = bytearray(len(profile))
    for start, end in kept:
        cleaned[start : min(end, len(profile))] = profile[start : min(end, len(profile))]
    for at in own:
        cleaned[at : at + 4] = b"none"
    cleaned[84:100] = bytes(16)  # the sum of a profile that was another one
    return bytes(cleaned)
