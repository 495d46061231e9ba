"""Tables of growth and of care before and after birth: importer, packed data, runner of cases."""
