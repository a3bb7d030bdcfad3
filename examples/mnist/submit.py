"""Submits the pipeline with the values of parameters.json to Vertex AI, as submit.yaml says."""

import importlib.util
import json
import sys
import tempfile

import google.auth
import yaml
from google.auth.exceptions import DefaultCredentialsError
from kfp import compiler

import pipeline

AIPLATFORM = "google-cloud-aiplatform==2.7.0"


def missing(settings):
    """What has to be there before anything is sent."""
    for key, value in settings.items():
        for sample in ("my-project", "my-bucket"):
            if isinstance(value, str) and sample in value:
                yield f"submit.yaml: `{key}` is still `{value}`: put your own for {sample}"
    try:
        google.auth.default()
    except DefaultCredentialsError:
        yield (
            "no Google Cloud credentials: run `gcloud auth application-default login`,"
            " or set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file"
        )
    if importlib.util.find_spec("google.cloud.aiplatform") is None:
        yield f"the Vertex AI SDK is not installed: `pip install {AIPLATFORM}`"


def job(settings, parameters, folder):
    """The PipelineJob; its compiled pipeline is written to that folder."""
    from google.cloud import aiplatform

    compiled = f"{folder}/pipeline.json"
    components = map(pipeline.load, pipeline.TASKS)
    mnist = pipeline.build(*components, images=settings["images"], machine=settings["machine"])
    compiler.Compiler().compile(mnist, compiled)
    return aiplatform.PipelineJob(
        display_name="mnist",
        template_path=compiled,
        pipeline_root=settings["pipeline_root"],
        parameter_values=parameters,
        project=settings["project"],
        location=settings["region"],
    )


def main():
    settings = yaml.safe_load((pipeline.HERE / "submit.yaml").read_text())
    parameters = json.loads((pipeline.HERE / "parameters.json").read_text())
    wanting = list(missing(settings))
    for line in wanting:
        print(f"submit.py: {line}", file=sys.stderr)
    if wanting:
        return 1
    with tempfile.TemporaryDirectory() as folder:
        job(settings, parameters, folder).submit(service_account=settings["service_account"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
