# Figures and the report.
from snakemake.io import report as report_file

from rainscore.report.registry import SCORED, SECTIONS, WALK, drawn_figures

HOURLY = config["radar"]["step_minutes"] > 30
WORLD = "simulated" if SIMULATED else "hourly" if HOURLY else "real"

# Result files that only some runs have; empty lists in the other runs.
LATENT_SIZES = ["results/evaluation/latent_sizes.parquet"] if LATENTS else []
VERIFICATION = GAUGE_FILES if config["gauges"]["table"] else []
ABLATION = ["results/evaluation/ablation.parquet"] if COMPARED else []
TRANSFER = ["results/evaluation/transfer.parquet"] if CASES else []
ENCODERS = (
    ["results/evaluation/encoders.parquet"]
    if config["clustering"]["window_methods"]
    else []
)
HAS_DESOM = "desom" in METHODS
DESOM = (
    ["results/models/desom.safetensors", "results/models/desom.json"]
    if HAS_DESOM
    else []
)
DESOM_LABELS = ["results/clusters/desom_labels.parquet"] if HAS_DESOM else []
DESOM_MAPS = ["results/clusters/desom_maps.nc"] if HAS_DESOM else []

# Names, in the registry of figures, of the result files that this run does not have.
ABSENT = [
    name
    for name, paths in {
        "latent_sizes": LATENT_SIZES,
        "ablation": ABLATION,
        "transfer": TRANSFER,
        "encoders": ENCODERS,
        "desom": DESOM,
        "satellite": WORLD_TABLES,
        "verification": VERIFICATION,
    }.items()
    if not paths
]
FIGURES = drawn_figures(ABSENT)


def figures_of(section: str) -> list:
    """Figures of a section of the report, with their captions."""
    return [
        report_file(
            f"results/figures/{figure.name}.svg",
            caption=f"../report/{figure.name}.rst",
            category=SECTIONS[section],
        )
        for figure in FIGURES
        if figure.section == section
    ]


rule draw_data:
    input:
        imerg=every_month("results/imerg/{month}.parquet"),
        radar=every_month("results/radar/{month}.parquet"),
    output:
        figures_of("data"),
    log:
        "logs/draw_data.log",
    benchmark:
        "logs/draw_data.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(20),
    params:
        code=code("draw_data"),
        world=WORLD,
    script:
        "../scripts/draw_data.py"


rule draw_choice:
    input:
        evidence="results/choice/evidence.parquet",
        choice="results/choice/choice.json",
        tables=every_month("results/scores/{month}.parquet"),
    output:
        figures_of("choice"),
    log:
        "logs/draw_choice.log",
    benchmark:
        "logs/draw_choice.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(20),
    params:
        code=code("draw_choice"),
        world=WORLD,
    script:
        "../scripts/draw_choice.py"


rule draw_training:
    input:
        unet_curve="results/models/unet_curve.csv",
        autoencoder_curve="results/models/autoencoder_curve.csv",
        latent_sizes=LATENT_SIZES,
        tables=every_month("results/scores/{month}.parquet"),
    output:
        figures_of("training"),
    log:
        "logs/draw_training.log",
    benchmark:
        "logs/draw_training.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(20),
    params:
        code=code("draw_training"),
        world=WORLD,
    script:
        "../scripts/draw_training.py"


rule draw_analysis:
    input:
        conditions="results/analysis/conditions.parquet",
        places="results/analysis/places.nc",
        joint="results/analysis/joint.parquet",
        thresholds="results/analysis/thresholds.parquet",
        spectra="results/analysis/spectra.parquet",
        timing="results/analysis/timing.parquet",
        scales="results/analysis/scales.parquet",
        pairs=every_month("results/pairs/{month}.nc"),
        scores=every_month("results/scores/{month}.nc"),
        tables=every_month("results/scores/{month}.parquet"),
    output:
        figures_of("analysis"),
    log:
        "logs/draw_analysis.log",
    benchmark:
        "logs/draw_analysis.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(20),
    params:
        code=code("draw_analysis"),
        world=WORLD,
    script:
        "../scripts/draw_analysis.py"


rule draw_skill:
    input:
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        reliability="results/evaluation/reliability.parquet",
        importance="results/evaluation/importance.parquet",
        ablation=ABLATION,
        transfer=TRANSFER,
        unet=UNET,
        splits="results/splits.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        features=every_month("results/features/{month}.h5"),
        pairs=every_month("results/pairs/{month}.nc"),
        scores=every_month("results/scores/{month}.nc"),
    output:
        figures=figures_of("skill"),
        walk=directory("results/figures/walk"),
    log:
        "logs/draw_skill.log",
    benchmark:
        "logs/draw_skill.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("draw_skill"),
        world=WORLD,
    script:
        "../scripts/draw_skill.py"


rule draw_clusters:
    input:
        curve="results/codes/curve.parquet",
        atlas="results/codes/atlas.parquet",
        prototypes="results/codes/prototypes.nc",
        codebook=CODEBOOK,
        encoders=ENCODERS,
        features=every_month("results/features/{month}.h5"),
        clusters=f"results/clusters/{METHODS[0]}.parquet",
        labels=f"results/clusters/{METHODS[0]}_labels.parquet",
        transitions=f"results/clusters/{METHODS[0]}_transitions.parquet",
        maps=f"results/clusters/{METHODS[0]}_maps.nc",
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        methods="results/clusters/methods.parquet",
        desom=DESOM,
        desom_labels=DESOM_LABELS,
        desom_maps=DESOM_MAPS,
    output:
        figures_of("clusters"),
    log:
        "logs/draw_clusters.log",
    benchmark:
        "logs/draw_clusters.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1500),
        runtime=minutes(20),
    params:
        code=code("draw_clusters"),
        world=WORLD,
    script:
        "../scripts/draw_clusters.py"


rule draw_scored:
    input:
        scored="results/scored",
    output:
        pictures=directory("results/figures/scored"),
    log:
        "logs/draw_scored.log",
    benchmark:
        "logs/draw_scored.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(20),
    params:
        code=code("draw_scored"),
    script:
        "../scripts/draw_scored.py"


if VERIFICATION:

    rule draw_gauges:
        input:
            verification=VERIFICATION,
        output:
            figures_of("gauges"),
        log:
            "logs/draw_gauges.log",
        benchmark:
            "logs/draw_gauges.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=minutes(20),
        params:
            code=code("draw_gauges"),
        script:
            "../scripts/draw_gauges.py"


if WORLD_TABLES:

    rule draw_world:
        input:
            rain="results/world/rain.parquet",
            satellite="results/world/satellite.parquet",
            tables=every_month("results/scores/{month}.parquet"),
        output:
            figures_of("world"),
        log:
            "logs/draw_world.log",
        benchmark:
            "logs/draw_world.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=minutes(20),
        params:
            code=code("draw_world"),
            world=WORLD,
        script:
            "../scripts/draw_world.py"


rule write_report:
    input:
        figures=[f"results/figures/{figure.name}.svg" for figure in FIGURES],
        walk="results/figures/walk",
        scored="results/figures/scored",
        imerg=every_month("results/imerg/{month}.parquet"),
        radar=every_month("results/radar/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        evidence="results/choice/evidence.parquet",
        choice="results/choice/choice.json",
        conditions="results/analysis/conditions.parquet",
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        transfer=TRANSFER,
        labels=f"results/clusters/{METHODS[0]}_labels.parquet",
        checks=f"results/clusters/{METHODS[0]}_coverage.parquet",
        methods="results/clusters/methods.parquet",
        separation="results/clusters/separation.parquet",
        atlas="results/codes/atlas.parquet",
        code_skill="results/evaluation/codes.parquet",
        unet_card="results/models/unet.json",
        clusters_card=f"results/models/{METHODS[0]}.json",
        verification=VERIFICATION,
        rain=WORLD_TABLES[:1],
        satellite=WORLD_TABLES[1:],
    output:
        report="results/report.html",
    log:
        "logs/write_report.log",
    benchmark:
        "logs/write_report.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=code("write_report"),
        title=config["title"],
        world=WORLD,
        months=MONTHS,
        seed=config["seed"],
        captions={
            name: (CHECKOUT / f"report/{name}.rst").read_text("utf-8").strip()
            for name in [*(figure.name for figure in FIGURES), SCORED, WALK]
        },
    script:
        "../scripts/write_report.py"
