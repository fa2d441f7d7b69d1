# New maps scored without radar.
MODELS = [
    *UNET,
    f"results/models/{METHODS[0]}.safetensors",
    f"results/models/{METHODS[0]}.json",
    f"results/models/{METHODS[0]}_labels.json",
]


rule score_maps:
    input:
        manifests=every_month("results/imerg/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        models=MODELS,
    output:
        scored=directory("results/scored"),
    log:
        "logs/score_maps.log",
    benchmark:
        "logs/score_maps.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("score_maps"),
        prediction=config["prediction"],
        method=METHODS[0],
    script:
        "../scripts/score_maps.py"
