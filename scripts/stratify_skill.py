"""Compute skill by condition, place, rate, wavelength, time shift and scale, with intervals."""

from rainscore.analysis.stratification import stratify_skill, with_context
from rainscore.analysis.summaries import (
    fss_by_scale,
    joint_rates,
    spectra,
    threshold_skill,
    timing,
)
from rainscore.analysis.tabulation import add_places
from rainscore.io import read_months, read_table, write_netcdf, write_table
from rainscore.netcdffiles import open_netcdf
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
clusters, rates = read_table(i.clusters), read_months(i.rates)
months = zip(i.conditions, i.tables, strict=True)
contexts = (with_context(read_table(a), read_table(b), clusters) for a, b in months)
skill = stratify_skill(contexts, **p.bootstrap)
skill.insert(0, "run", p.run)
write_table(skill, out.conditions)
write_netcdf(add_places([open_netcdf(f) for f in i.places]), out.places)
write_table(joint_rates(rates), out.joint)
write_table(threshold_skill(rates, **p.bootstrap), out.thresholds)
write_table(spectra(read_months(i.spectra), **p.bootstrap), out.spectra)
write_table(timing(read_months(i.timing), **p.bootstrap), out.timing)
write_table(fss_by_scale(read_months(i.scales), **p.bootstrap), out.scales)
