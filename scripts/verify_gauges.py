"""Compare the maps that were scored without radar with rain gauges."""

from pathlib import Path

from rainscore.evaluation.gaugetables import GaugeFormat, read_gauges
from rainscore.evaluation.gaugeverification import VerificationSettings, verify, write_verification
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
i, p = snakemake.input, snakemake.params
form = GaugeFormat(p.period_minutes or None, p.time_marks or None, p.time_zone or None, p.columns)
gauges = read_gauges(Path(i.gauges), form, stations=next(map(Path, i.stations), None))
result = verify([Path(i.scored)], gauges, VerificationSettings(**p.bootstrap))
write_verification(result, Path(snakemake.output.tables[0]).parent)
