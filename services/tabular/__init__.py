"""Tables that somebody else wrote (CSV, gzip, XLSX, members of a .zip), as rows of text cells that know their place.

Nothing is interpreted here: what a column means, and which cell is wrong, is said by whoever asked for the rows.
"""
