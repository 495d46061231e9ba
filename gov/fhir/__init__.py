"""FHIR R4 as hospitals and exchanges send it: read, checked, split, and told as facts."""
