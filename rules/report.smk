# Figures and the report.
ANALYSIS_FIGURES = [
    "skill_maps",
    "skill_by_age",
    "skill_by_condition",
    "skill_by_two",
    "cycles",
    "performance",
    "contingency",
    "rates",
    "spectra",
    "timing",
]
GALLERY = ["clusters", "latents", "transitions"]
CLUSTER_FIGURES = GALLERY + (["desom_map"] if "desom" in METHODS else [])
SKILL_FIGURES = [
    "skill",
    "map_skill",
    "paired",
    "coverage",
    "reliability",
    "predicted",
    "importance",
    "sensitivity",
    "cases",
    "more_cases",
]
DRAWN = (
    [
        "availability",
        "evidence",
        "responses",
        "redundancy",
        "learning",
    ]
    + (["world"] if WORLD_TABLES else [])
    + (["ablation"] if COMPARED else [])
    + (["latent_sizes"] if LATENTS else [])
)
FIGURES = DRAWN + ANALYSIS_FIGURES + CLUSTER_FIGURES + SKILL_FIGURES + ["methods"]


EXPERIMENTS = ["results/evaluation/ablation.parquet"] if COMPARED else []
EXPERIMENTS += ["results/evaluation/latent_sizes.parquet"] if LATENTS else []


rule draw_figures:
    input:
        manifests=every_month("results/imerg/{month}.parquet")
        + every_month("results/radar/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        curves=["results/models/unet_curve.csv", "results/models/autoencoder_curve.csv"],
        evidence=["results/choice/evidence.parquet", "results/choice/choice.json"],
        world=WORLD_TABLES,
        experiments=EXPERIMENTS,
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in DRAWN
        ],
    log:
        "logs/draw_figures.log",
    benchmark:
        "logs/draw_figures.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("draw_figures"),
        months=MONTHS,
        method=METHODS[0],
        simulated=SIMULATED,
    script:
        "../scripts/draw_figures.py"


rule draw_analysis:
    input:
        "results/analysis/conditions.parquet",
        "results/analysis/places.nc",
        "results/analysis/joint.parquet",
        "results/analysis/thresholds.parquet",
        "results/analysis/spectra.parquet",
        "results/analysis/timing.parquet",
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in ANALYSIS_FIGURES
        ],
    log:
        "logs/draw_analysis.log",
    benchmark:
        "logs/draw_analysis.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("draw_analysis"),
        simulated=SIMULATED,
    script:
        "../scripts/draw_analysis.py"


rule draw_clusters:
    input:
        clusters=f"results/clusters/{METHODS[0]}.parquet",
        labels=f"results/clusters/{METHODS[0]}_labels.parquet",
        transitions=f"results/clusters/{METHODS[0]}_transitions.parquet",
        maps=f"results/clusters/{METHODS[0]}_maps.nc",
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in GALLERY
        ],
    log:
        "logs/draw_clusters.log",
    benchmark:
        "logs/draw_clusters.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        code=code("draw_clusters"),
        world="simulated" if SIMULATED else "real",
    script:
        "../scripts/draw_clusters.py"


if "desom" in METHODS:

    rule draw_desom:
        input:
            model=["results/models/desom.safetensors", "results/models/desom.json"],
            labels="results/clusters/desom_labels.parquet",
            maps="results/clusters/desom_maps.nc",
        output:
            figure=report(
                "results/figures/desom_map.svg",
                caption="../report/desom_map.rst",
                category="Figures",
            ),
        log:
            "logs/draw_desom.log",
        benchmark:
            "logs/draw_desom.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=1500,
            runtime=20,
        params:
            code=code("draw_desom"),
            world="simulated" if SIMULATED else "real",
        script:
            "../scripts/draw_desom.py"


rule draw_methods:
    input:
        table="results/clusters/methods.parquet",
    output:
        figure=report(
            "results/figures/methods.svg",
            caption="../report/methods.rst",
            category="Figures",
        ),
    log:
        "logs/draw_methods.log",
    benchmark:
        "logs/draw_methods.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("draw_methods"),
        simulated=SIMULATED,
        period=f"{MONTHS[0]} to {MONTHS[-1]}, {len(MONTHS)} months",
    script:
        "../scripts/draw_methods.py"


rule draw_skill:
    input:
        pairs=every_month("results/pairs/{month}.nc"),
        scores=every_month("results/scores/{month}.nc"),
        tables=every_month("results/scores/{month}.parquet"),
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet=UNET,
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        reliability="results/evaluation/reliability.parquet",
        importance="results/evaluation/importance.parquet",
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Skill",
            )
            for name in SKILL_FIGURES
        ],
    log:
        "logs/draw_skill.log",
    benchmark:
        "logs/draw_skill.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("draw_skill"),
        months=MONTHS,
        method=METHODS[0],
        simulated=SIMULATED,
    script:
        "../scripts/draw_skill.py"


rule write_report:
    input:
        figures=expand("results/figures/{name}.svg", name=FIGURES),
        manifests=every_month("results/imerg/{month}.parquet")
        + every_month("results/radar/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        evidence=["results/choice/evidence.parquet", "results/choice/choice.json"],
        conditions="results/analysis/conditions.parquet",
        labels=f"results/clusters/{METHODS[0]}_labels.parquet",
        checks=f"results/clusters/{METHODS[0]}_coverage.parquet",
        cards=["results/models/unet.json", f"results/models/{METHODS[0]}.json"],
        scored="results/scored",
        world=WORLD_TABLES,
    output:
        report="results/report.html",
    log:
        "logs/write_report.log",
    benchmark:
        "logs/write_report.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("write_report"),
        title=config["title"],
        months=MONTHS,
        method=METHODS[0],
        simulated=SIMULATED,
        seed=config["seed"],
        captions={
            name: (CHECKOUT / f"report/{name}.rst").read_text().strip()
            for name in [*FIGURES, "scored"]
        },
    script:
        "../scripts/write_report.py"
