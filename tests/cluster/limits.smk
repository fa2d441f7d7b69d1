# Small jobs with the helper functions of the project, for tests of limits on Slurm.
import sys
from pathlib import Path

PYTHON = sys.executable

configfile: str(Path(workflow.basedir).parents[1] / "config.yaml")


include: "../../rules/common.smk"


workdir: str(Path(workflow.basedir).parents[1] / "limits")


onstart:
    guard_slurm()


onerror:
    print_hints(log)


# 600 MB on the first attempt of a job that asks for 150 MB and Snakemake's own memory.
rule over_memory:
    output:
        "over_memory.txt",
    log:
        "logs/over_memory.log",
    resources:
        mem_mb=memory(150),
        runtime=minutes(5),
    params:
        script="import time; block = b'1' * 600_000_000; time.sleep(5)",
    shell:
        "{PYTHON} -c {params.script:q} 2> {log} && echo {resources.mem_mb} > {output}"


# 65 seconds of a job that asks for one minute.
rule over_time:
    output:
        "over_time.txt",
    log:
        "logs/over_time.log",
    resources:
        mem_mb=memory(100),
        runtime=minutes(1),
    shell:
        "sleep 65 2> {log} && echo {resources.runtime} > {output}"


rule needs_gpu:
    output:
        "needs_gpu.txt",
    log:
        "logs/needs_gpu.log",
    resources:
        gpu=1,
        mem_mb=memory(100),
        runtime=minutes(5),
    shell:
        "hostname > {output} 2> {log}"
