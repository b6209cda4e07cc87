"""CardNET: the hosted card page of the Dominican Republic."""
