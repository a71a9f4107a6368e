"""Settings of the documentation site; `make docs` builds it."""

from importlib.metadata import version as installed

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
