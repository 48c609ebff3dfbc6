"""What schemathesis (schemathesis.toml) has to be told about forms that it does not know."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def piece(context: schemathesis.SerializationContext, value: object) -> bytes:
    """A piece of an upload is bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
