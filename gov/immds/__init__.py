"""FHIR's operation `$immds-forecast`: asked by hospitals, answered in FHIR's form."""
