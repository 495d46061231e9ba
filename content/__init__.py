"""What ministries author: packs of documents read from files, and later drafts and publishing."""
