# Its name is no identifier.
