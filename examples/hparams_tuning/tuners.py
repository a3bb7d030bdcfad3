"""Where a trial reports its accuracy; conf/hparams_search chooses one."""


class VertexAI:
    """Writes the file that Vertex AI reads, under the tag that the study's metricId names."""

    def __init__(self, metric):
        import hypertune

        self.metric = metric
        self.hypertune = hypertune.HyperTune()

    def report(self, accuracy, epoch):
        self.hypertune.report_hyperparameter_tuning_metric(self.metric, accuracy, epoch)


class WandB:
    """Logs to the run that the sweep's agent opened."""

    def __init__(self, metric):
        import wandb

        self.metric = metric
        self.run = wandb.init()

    def report(self, accuracy, epoch):
        self.run.log({self.metric: accuracy}, step=epoch)
