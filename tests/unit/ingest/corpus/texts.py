"""CSV files: encodings, line ends, quotes, separators, halves of rows."""

import gzip
import zlib

from tests.unit.ingest.corpus.cases import AT, DAY, OURS, Case, ours, text, theirs

ONE = ours("s1 absent")
TWO = ours("s1 absent", "s2 late")
BOTH = ("s1 absent", "s2 late")
LONG = ours(*(f"{AT},L{n},s1,absent" for n in range(3_000)))

NO_ZONE = f"{DAY}T08:00:00,L1,s1,absent"
NO_TIME, CONTROL = ("not a time: ",), ("no control characters",)
HALF_A_GZ = gzip.compress(LONG.encode(), mtime=0)[:-2_000]
HALF = zlib.decompressobj(31).decompress(HALF_A_GZ).count(b"\n") - 1

CASES = {
    "utf-8 with a mark": Case("a.csv", TWO.encode("utf-8-sig"), BOTH),
    "utf-16 with a mark": Case("a.csv", TWO.encode("utf-16"), BOTH),
    "utf-16-le without a mark": Case("a.csv", TWO.encode("utf-16-le"), BOTH),
    "utf-16-be without a mark": Case("a.csv", TWO.encode("utf-16-be"), BOTH),
    "utf-32": Case("a.csv", TWO.encode("utf-32"), refused=("unknown column",)),
    "gb18030": Case("a.csv", ours(f"{AT},第一课,s1,absent").encode("gb18030"), ("s1 absent",)),
    "big5": Case("a.csv", ours(f"{AT},第一課,s1,absent", "s2 late").encode("big5"), ("s1 absent", "s2 late")),
    "utf-8 that is cut in a letter": Case(
        "a.csv", TWO.encode() + f"{AT},课".encode()[:-1], BOTH, ("not UTF-8: as the lines before it are",)
    ),
    "one line in another encoding": Case(
        "a.csv",
        ours(f"{AT},课一,s1,absent").encode() + f"{AT},课,s2,late\n".encode("gb18030"),
        ("s1 absent",),
        ("not UTF-8",),
    ),
    "a byte that no encoding has": Case("a.csv", TWO.encode() + b"\xff\xff\xff,1,2,3\n", BOTH, ("not UTF-8",)),
    "line ends of Windows": Case("a.csv", TWO.replace("\n", "\r\n").encode(), BOTH),
    "line ends of an old Mac": Case("a.csv", TWO.replace("\n", "\r").encode(), BOTH),
    "line ends that are mixed": Case("a.csv", TWO.replace("\n", "\r\n", 1).encode(), BOTH),
    "no line end at the end": Case("a.csv", TWO.rstrip().encode(), BOTH),
    "blank lines between": Case("a.csv", TWO.replace("\n", "\n\n,,,\n").encode(), BOTH),
    "a line of commas at the end": Case("a.csv", (TWO + ",,,,,,\n").encode(), BOTH),
    "nothing at all": Case("a.csv", b""),
    "white space alone": Case("a.csv", b" \r\n\t\r\n"),
    "blank rows above the header": Case("a.csv", b" \n,,,\n" + TWO.encode(), BOTH),
    "a header alone": Case("a.csv", ours().encode()),
    "rows without a header": Case("a.csv", ours("s1 absent").partition("\n")[2].encode(), refused=("unknown column",)),
    "NUL in a cell": Case("a.csv", ours(f"{AT},L\x001,s1,absent").encode(), refused=CONTROL),
    "NUL for the whole file": Case("a.csv", bytes(10_000), refused=("unknown column",)),
    "a line of two megabytes": Case(
        "a.csv", ours(f"{AT},{'x' * (2 << 20)},s1,absent", "s2 late").encode(), ("s2 late",), (r"too large: 2\.0 MiB",)
    ),
    "an id of 10,000 letters": Case("a.csv", ours(f"{AT},{'x' * 10_000},s1,absent").encode(), refused=("at most 128",)),
    "a quote that nothing closes": Case(
        "a.csv", ours(f'{AT},"L1,s1,absent', "s2 late").encode(), ("s2 late",), ("not CSV: unexpected end of data",)
    ),
    "a quote in the midst of a cell": Case("a.csv", ours(f'{AT},L"1,s1,absent').encode(), ("s1 absent",)),
    "a line break in a quoted cell": Case("a.csv", ours(f'{AT},"L\n1",s1,absent').encode(), refused=CONTROL),
    "a comma in a quoted cell": Case("a.csv", ours(f'{AT},"L,1",s1,absent').encode(), ("s1 absent",)),
    "half a row": Case("a.csv", ours(f"{AT},L1", "s2 late").encode(), ("s2 late",), ("2 cells, the header 4",)),
    "more cells than columns": Case(
        "a.csv", ours(f"{AT},L1,s1,absent,too,many", "s2 late").encode(), ("s2 late",), ("6 cells, the header 4",)
    ),
    "half a last row": Case("a.csv", (ONE + f"{AT},L1,s2,la").encode(), ("s1 absent",), ("not allowed: 'la'",)),
    "two columns of one name": Case(
        "a.csv", ours(header="occurred_at,lesson,student,student").encode(), refused=("duplicate column: student",)
    ),
    "a column that nobody knows": Case(
        "a.csv", ours(header="occurred_at,lesson,pupil,status").encode(), refused=("unknown column: 'pupil'",)
    ),
    "a header in capitals with blanks": Case(
        "a.csv", ours("s1 absent", header=" Occurred_At , LESSON ,Student,STATUS ").encode(), ("s1 absent",)
    ),
    "semicolons": Case("a.csv", TWO.replace(",", ";").encode(), BOTH),
    "tabs": Case("a.tsv", TWO.replace(",", "\t").encode(), BOTH),
    "sep= a bar": Case("a.csv", b"sep=|\n" + TWO.replace(",", "|").encode(), BOTH),
    "full-width commas": Case("a.csv", TWO.replace(",", "，").encode(), refused=("unknown column",)),
    "a formula for a cell": Case("a.csv", ours(f'{AT},"=HYPERLINK(""http://x"")",s1,absent').encode(), ("s1 absent",)),
    "the same row twice": Case(
        "a.csv", ours("s1 absent", "s1 absent").encode(), ("s1 absent",), passes="duplicate 重复 1"
    ),
    "two rows of one export that contradict each other": Case(
        "a.csv",
        ours("s1 absent", "s1 late").encode(),
        ("s1 late",),
        options=("--exported-at", f"{DAY}T12:00:00+08:00"),
        passes="accepted 接收 1, replaced 更正 1",
    ),
    "two rows that contradict each other": Case(
        "a.csv", ours("s1 absent", "s2 late", "s1 late").encode(), ("s1 late", "s2 late"), passes="replaced 更正 1"
    ),
    "two rows of one id that contradict each other": Case(
        "a.csv",
        ours(f"{AT},L1,s1,absent,x", f"{AT},L1,s1,late,x", header=f"{OURS},id").encode(),
        ("s1 absent",),
        ("with other content",),
    ),
    "zeros in front": Case("a.csv", ours("0012 absent").encode(), ("0012 absent",)),
    "zeros that a spreadsheet ate": Case("a.csv", ours("12 absent").encode(), refused=(r"'12' is not .*: 0012",)),
    "an id that a spreadsheet made a number": Case(
        "a.csv", ours("2.60201E+11 absent").encode(), refused=("not a known student",)
    ),
    "an id in full-width digits": Case(
        "a.csv", ours("ｓ１ absent").encode(), refused=("'ｓ１' is not a known student",)
    ),
    "a status with blanks": Case("a.csv", ours(f"{AT},L1,s1, absent ").encode(), ("s1 absent",)),
    "a status in Chinese, with our columns": Case("a.csv", ours("s1 旷课").encode(), refused=("not allowed: '旷课'",)),
    "a time without a zone": Case("a.csv", ours(NO_ZONE).encode(), refused=("time without zone",)),
    "a time without a zone, and the college's": Case(
        "a.csv", ours(NO_ZONE).encode(), ("s1 absent",), options=("--time-zone", "college")
    ),
    "a time in another zone": Case(
        "a.csv", ours(f"{DAY}T00:00:00Z,L1,s1,absent", f"{DAY}T19:00:00-05:00,L2,s2,late").encode(), BOTH
    ),
    "a zone that there is not": Case("a.csv", ours(f"{DAY}T08:00:00+25:00,L1,s1,absent").encode(), refused=NO_TIME),
    "a day that there is not": Case("a.csv", ours("2023-02-29T08:00:00+08:00,L1,s1,absent").encode(), refused=NO_TIME),
    "a day of the year 9999": Case(
        "a.csv", ours("9999-12-31T23:59:59+08:00,L1,s1,absent").encode(), refused=("years 1900 to 2199",)
    ),
    "a day of the year 1": Case(
        "a.csv", ours("0001-01-01T00:00:00+08:00,L1,s1,absent").encode(), refused=("years 1900 to 2199",)
    ),
    "a time of a leap second": Case("a.csv", ours("2016-12-31T23:59:60Z,L1,s1,absent").encode(), refused=NO_TIME),
    "seconds since 1970, with our columns": Case("a.csv", ours("1725840000,L1,s1,absent").encode(), refused=NO_TIME),
    "half a gz": Case("a.csv.gz", HALF_A_GZ, ("s1 absent",) * HALF, ("cut off",)),
    "a gz of a gz": Case("a.csv.gz", gzip.compress(gzip.compress(TWO.encode(), mtime=0)), refused=("not UTF-8",)),
    "a gz with rubbish behind it": Case("a.csv.gz", gzip.compress(TWO.encode()) + b"rubbish", BOTH, ("Not a gzip",)),
    "two gz in one file": Case(
        "a.csv.gz", gzip.compress(ONE.encode()) + gzip.compress(f"{AT},L1,s2,late\n".encode()), BOTH
    ),
    "csv called .gz": Case("a.csv.gz", TWO.encode(), BOTH),
    "a gz called .csv": Case("a.csv", gzip.compress(TWO.encode()), BOTH),
    "a name in the right-to-left order": Case("a\u202evsc.csv", TWO.encode(), BOTH),
    "steering signs in a cell": Case("a.csv", ours(f"{AT},L1,s1,\x1b[2J").encode(), refused=("not allowed: ",)),
    "a Chinese header, with our columns": Case(
        "a.csv", text(theirs(("s1", "旷课"))).encode(), refused=("unknown column",)
    ),
}
