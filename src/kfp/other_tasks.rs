//! Tasks that are known to start no Hydra application.

use super::component::{Component, Element};
use super::placeholder::Piece;

impl Component {
    /// Why its container is known to start no Hydra application, if it is.
    ///
    /// A lightweight component's container runs the SDK's own entry point
    /// (`kfp/dsl/component_factory.py`; `kfp.v2.components.executor_main` until 1.8). For a volume
    /// `kfp-kubernetes` compiles an image that no container ever has (`argostub/createpvc`,
    /// `argostub/deletepvc`).
    pub fn why_no_hydra_application(&self) -> Option<&'static str> {
        if self.image.starts_with("argostub/") {
            return Some("it creates or deletes a volume, in no container");
        }
        if self.command.is_empty() && self.args.is_empty() {
            return Some("it has neither command nor args");
        }
        let runs_a_function = |element: &Element| match element {
            Element::Text(text) => text.contains(".executor_main"),
            Element::Template(pieces) => pieces
                .iter()
                .any(|piece| matches!(piece, Piece::Text(text) if text.contains(".executor_main"))),
            _ => false,
        };
        let lightweight = self.command.iter().chain(&self.args).any(runs_a_function);
        lightweight
            .then_some("it is a lightweight component: KFP's executor_main runs its function")
    }
}
