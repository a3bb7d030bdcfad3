//! An element as text.

use crate::kfp::component::{Element, Part};
use crate::kfp::placeholder::Piece;

/// The text that a part begins with, up to the first placeholder.
pub(super) fn beginning(part: &Part) -> String {
    match part {
        Part::Text(text) => text.clone(),
        Part::Template(pieces) => match pieces.first() {
            Some(Piece::Text(text)) => text.clone(),
            _ => String::new(),
        },
        Part::Concat(elements) => {
            let is_text = |element: &&Element| matches!(element.part, Part::Text(_));
            let texts = elements.iter().take_while(is_text).count();
            elements.iter().take(texts + 1).map(|element| beginning(&element.part)).collect()
        }
        Part::Placeholder(_) | Part::If { .. } => String::new(),
    }
}

/// The first of the arguments that an element becomes.
pub(super) fn first_token(element: &Element) -> String {
    match &element.part {
        Part::If { then, otherwise, .. } => {
            then.first().or(otherwise.first()).map_or_else(String::new, first_token)
        }
        _ => token(element),
    }
}

/// An element as one text: what it is, if it is text; its placeholders as a pipeline writes them.
pub(in crate::kfp) fn token(element: &Element) -> String {
    flat(&element.part).map_or_else(|| "{if}".to_owned(), |pieces| written(&pieces))
}

/// Text and placeholders as a pipeline writes them.
pub(in crate::kfp) fn written(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Placeholder(placeholder) => placeholder.written(),
    };
    pieces.iter().map(text).collect()
}

/// Text and placeholders in a row; `None` if there is an `if` among them.
pub(in crate::kfp) fn flat(part: &Part) -> Option<Vec<Piece>> {
    Some(match part {
        Part::Text(text) => vec![Piece::Text(text.clone())],
        Part::Placeholder(placeholder) => vec![Piece::Placeholder(placeholder.clone())],
        Part::Template(pieces) => pieces.clone(),
        Part::Concat(elements) => {
            let mut joined: Vec<Piece> = Vec::new();
            for element in elements {
                for piece in flat(&element.part)? {
                    match (joined.last_mut(), piece) {
                        (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
                        (_, piece) => joined.push(piece),
                    }
                }
            }
            joined
        }
        Part::If { .. } => return None,
    })
}
