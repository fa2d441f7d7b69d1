# Figures and the report.
