"""Any collector whose files follow a layout that the operator writes."""
