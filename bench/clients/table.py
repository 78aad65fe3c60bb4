"""What came of it, as a table."""

import traceback

BEGIN, END = "<!-- results -->", "<!-- end of results -->"


class Table:
    """Clients down, cases across."""

    def __init__(self):
        self.cells, self.versions, self.cases = {}, {}, []
        self.failed = False

    def missing(self, client):
        self.cells.setdefault(client, {})
        self.versions[client] = "not installed"

    def version(self, client, version):
        self.versions[client] = version

    def tried(self, client, version, case, check):
        """Runs a check: nothing is wrong unless it raises; what it gives is a cast that was needed."""
        if version:
            self.version(client, version)
        if case.name not in self.cases:
            self.cases.append(case.name)
        try:
            cast = check()
            told = f"equal, as {cast}" if cast else "equal"
        except Exception:
            self.broke(f"{client}, {case.name}: {traceback.format_exc(limit=-2)}")
            told = "**differs**"
        self.cells.setdefault(client, {})[case.name] = told

    def broke(self, why):
        self.failed = True
        print(f"FAILED {why}", flush=True)

    def lines(self):
        yield "| client | version | " + " | ".join(self.cases) + " |"
        yield "|---" * (len(self.cases) + 2) + "|"
        for client, cells in self.cells.items():
            row = [cells.get(case, "") for case in self.cases]
            yield f"| {client} | {self.versions.get(client, '')} | " + " | ".join(row) + " |"

    def tell(self):
        print("\n".join(self.lines()))

    def into(self, page):
        """Puts the table between the marks of a page."""
        text = page.read_text()
        before, rest = text.split(BEGIN)
        page.write_text(before + BEGIN + "\n" + "\n".join(self.lines()) + "\n" + END + rest.split(END)[1])
