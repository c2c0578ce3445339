"""Pages that may not go wrong silently: a script's error, a request to another
place or a breach of the policy is kept, and told at the end."""
WAIT_MS = 30000
VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


class Watched:
    """Pages whose troubles are kept."""

    def __init__(self, chromium, server):
        self.chromium, self.server = chromium, server
        self.contexts, self.troubles = [], []

    def note_console(self, message):
        # An answer of 400 or above is told by the browser, too.
        if message.type == "error" and "status of" not in message.text:
            self.troubles.append(message.text)

    def note_request(self, request):
        if not request.url.startswith((self.server.url, "blob:", "data:")):
            self.troubles.append("asked for " + request.url)

    def open(self, path="/", width=1280, height=900, **options):
        """A page that is ready to be used."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": height},
            **{"locale": "en-US", "reduced_motion": "reduce", **options})
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(VIOLATIONS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", self.note_request)
        page.goto(self.server.url + path)
        page.wait_for_selector("html[data-ready]")
        return page

    def close(self):
        for context in self.contexts:
            for page in context.pages:
                self.troubles += page.evaluate("window.violations ?? []")
            context.close()
        assert self.troubles == []
