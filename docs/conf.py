"""Settings of the documentation site; `make docs` builds it."""

import re
from importlib.metadata import version as installed
from pathlib import Path

project = "accountability"
author = "The accountability developers"
copyright = author
version = release = installed("accountability")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "README.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks carry their outputs, which the tests prove
nb_render_markdown_format = "gfm"
nb_mime_priority_overrides = [("html", "image/png", 0), ("html", "text/html", 1), ("html", "text/plain", 2)]
# Words such as "days" are attributes of several results; links inside the made pages are tested.
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure", "ref.python"]

autodoc_typehints = "none"  # numpydoc sections say them in words
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # an attribute is documented once, where its class says it
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_title = "accountability"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses without a server
html_search_scorer = str(Path(__file__).parent / "_static" / "scorer.js")
html_context = {"default_mode": "auto"}
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "show_nav_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

#: What a reader who listens would miss: names of the folds beside the pages, cells that head nothing, headings' order.
FOLD = re.compile(r'(<a class="reference internal" href="[^"]*">([^<]*)</a><details[^>]*><summary)>')
MENDED = (("<th></th>", "<td></td>"), ("<h4>", "<h3>"), ("</h4>", "</h3>"))


def mend(app, failed) -> None:
    """Mend what theme and notebooks leave unsaid in the pages, once they are written."""
    for page in () if failed else Path(app.outdir).rglob("*.html"):
        text = FOLD.sub(r'\1 aria-label="Pages under \2">', page.read_text(encoding="utf-8"))
        for old, new in MENDED:
            text = text.replace(old, new)
        page.write_text(text, encoding="utf-8")


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("build-finished", mend)
