"""Files for people, written in constant memory: CSV, XLSX, one PDF out of many, a ZIP of many. They know no list."""
