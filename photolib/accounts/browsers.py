"""A browser and its system in words, read from what it says of itself: "Firefox on Windows"."""

# In this order: nearly every browser also claims to be Safari and Chrome, and every system of Apple's to be like Mac OS X.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Vivaldi", "Vivaldi"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chromium", "Chromium"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
    ("python", "Python"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"), ("Macintosh", "Mac"),
    ("Linux", "Linux"), ("FreeBSD", "FreeBSD"),
)  # fmt: skip


def in_words(user_agent: str) -> str:
    """What a User-Agent header says; empty when it says nothing we know."""
    browser = next((name for mark, name in BROWSERS if mark.lower() in user_agent.lower()), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser or system
