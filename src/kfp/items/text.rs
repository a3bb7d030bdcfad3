//! An element as text.

use crate::kfp::component::Element;
use crate::kfp::placeholder::Piece;

/// The text that an element begins with, up to the first placeholder.
pub(super) fn beginning(element: &Element) -> String {
    match element {
        Element::Text(text) => text.clone(),
        Element::Template(pieces) => match pieces.first() {
            Some(Piece::Text(text)) => text.clone(),
            _ => String::new(),
        },
        Element::Concat(elements) => {
            let is_text = |element: &&Element| matches!(element, Element::Text(_));
            let texts = elements.iter().take_while(is_text).count();
            elements.iter().take(texts + 1).map(beginning).collect()
        }
        Element::Placeholder(_) | Element::If { .. } => String::new(),
    }
}

/// The first of the arguments that an element becomes.
pub(super) fn first_token(element: &Element) -> String {
    match element {
        Element::If { then, otherwise, .. } => {
            then.first().or(otherwise.first()).map_or_else(String::new, first_token)
        }
        _ => token(element),
    }
}

/// An element as one text: what it is, if it is text; its placeholders as a pipeline writes them.
pub(in crate::kfp) fn token(element: &Element) -> String {
    flat(element).map_or_else(|| "{if}".to_owned(), |pieces| written(&pieces))
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
pub(in crate::kfp) fn flat(element: &Element) -> Option<Vec<Piece>> {
    Some(match element {
        Element::Text(text) => vec![Piece::Text(text.clone())],
        Element::Placeholder(placeholder) => vec![Piece::Placeholder(placeholder.clone())],
        Element::Template(pieces) => pieces.clone(),
        Element::Concat(elements) => {
            let mut joined: Vec<Piece> = Vec::new();
            for element in elements {
                for piece in flat(element)? {
                    match (joined.last_mut(), piece) {
                        (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
                        (_, piece) => joined.push(piece),
                    }
                }
            }
            joined
        }
        Element::If { .. } => return None,
    })
}
