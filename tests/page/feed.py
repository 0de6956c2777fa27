"""Reads a feed, and says what there is in it as JSON."""

import json
import sys

import feedparser

# As it is: what a reader makes harmless by itself must be harmless before.
feed = feedparser.parse(open(sys.argv[1], "rb").read(), sanitize_html=False, resolve_relative_uris=False)
entries = [
    {
        "id": entry.id,
        "title": entry.title,
        "title_type": entry.title_detail.type,
        "updated": entry.updated,
        "link": entry.link,
        "type": entry.content[0].type,
        "content": entry.content[0].value,
    }
    for entry in feed.entries
]
print(
    json.dumps(
        {
            "bozo": bool(feed.bozo),
            "why": str(feed.get("bozo_exception", "")),
            "version": feed.version,
            "title": feed.feed.title,
            "id": feed.feed.id,
            "updated": feed.feed.updated,
            "entries": entries,
        }
    )
)
