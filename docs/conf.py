"""Documentation site: `make site` builds it into site/, without network access."""

project = "rainscore"
author = copyright = "The rainscore developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
root_doc = "index"
html_theme = "furo"
html_title = "rainscore"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
autodoc_typehints = "description"
exclude_patterns = ["conf.py"]
nitpicky = False
