"""The store of notify: who writes which table stands in tables.py; views, report and retention read across them."""
