"""Between government and the timeline: what agencies report, interpreted into facts."""
