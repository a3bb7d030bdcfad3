//! A YAML text so that `serde_yaml` reads of it what `PyYAML` reads: the few plain scalars that the two
//! take for different values are written as both take them. What else they would differ in is refused.

use std::collections::HashMap;

use super::events::{Event, Parser, Place, Properties};
use super::scalar::{Scalar, resolve};
use super::{MAX_NODES, Scalars, not_yaml};
use crate::error::{Error, Result, quote};

/// The tag of text, the only one that is read.
const TEXT_TAG: &str = "tag:yaml.org,2002:str";

/// The text of which `serde_yaml` reads the first document as `PyYAML` does. Its lines are those of `text`.
///
/// # Errors
/// As of [`super::value`].
pub(super) fn respelled(text: &str, file: &str, scalars: Scalars) -> Result<String> {
    let mut parser = Parser::new(text);
    let mut bounds = Bounds { file, anchors: HashMap::new(), open: Vec::new(), nodes: 0 };
    let (mut new, mut at) = (String::with_capacity(text.len()), parser.start());
    let mut documents = 0;
    loop {
        let (event, place) = parser.next().map_err(|problem| not_yaml(problem, file))?;
        match event {
            Event::DocumentStart if documents == 0 => documents = 1,
            Event::DocumentStart if scalars == Scalars::Texts => {
                let message = "a second document, and only one is read";
                return Err(Error::in_line(file, place.line, message));
            }
            Event::DocumentStart | Event::StreamEnd => break,
            Event::Nothing | Event::DocumentEnd => {}
            Event::Alias(name) => bounds.alias(&name, &place)?,
            Event::SequenceStart(properties) | Event::MappingStart(properties) => {
                bounds.begin(properties, None, &place)?;
            }
            Event::End => bounds.end(),
            Event::Scalar { properties, text: scalar, plain } => {
                bounds.begin(properties, Some(&scalar), &place)?;
                bounds.end();
                let spelling = if plain { spelling(&scalar, scalars) } else { Ok(None) };
                let refuse = |why| Error::at(file, (place.line, place.column), why);
                if let Some(spelling) = spelling.map_err(refuse)? {
                    // In front of it may be its anchor.
                    let start = place.span.end - scalar.len();
                    new.push_str(text.get(at..start).unwrap_or_default());
                    new.push_str(&spelling);
                    at = place.span.end;
                }
            }
        }
    }
    new.push_str(text.get(at..).unwrap_or_default());
    Ok(new)
}

/// How a plain scalar has to be written, if not as it is. The error says why it is not read.
fn spelling(text: &str, scalars: Scalars) -> std::result::Result<Option<String>, &'static str> {
    let spelling = match resolve(text) {
        Scalar::Text if text == "<<" => {
            return Err("merge keys are not read: write what `<<` names in its place");
        }
        Scalar::Text if !looks_like_a_number(text) => return Ok(None),
        Scalar::Null => return Ok(None),
        Scalar::Text => format!("'{text}'"),
        _ if scalars == Scalars::Texts => format!("'{text}'"),
        Scalar::Bool(truth) => truth.to_string(),
        Scalar::Int(digits) if digits.parse::<i64>().is_err() && digits.parse::<u64>().is_err() => {
            return Err("an integer of over 64 bits is not read: put quotes around it");
        }
        Scalar::Int(digits) => digits,
        Scalar::Float(float) if float.is_nan() => ".nan".to_owned(),
        Scalar::Float(float) if float.is_infinite() => format!("{float:+}").replace("inf", ".inf"),
        Scalar::Float(float) if text.parse() == Ok(float) => return Ok(None),
        Scalar::Float(float) => format!("{float:?}"),
    };
    Ok(Some(spelling).filter(|spelling| spelling != text))
}

/// Whether `serde_yaml` may take text for a number that is none in YAML 1.1: `1e5`, `0o17`.
fn looks_like_a_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = ["0o", "0x", "0b"].iter().find_map(|prefix| unsigned.strip_prefix(prefix));
    unsigned.parse::<f64>().is_ok()
        || digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// How much a document is with what its aliases repeat.
struct Bounds<'a> {
    file: &'a str,
    /// The nodes of what each anchor names; `None` while that is being read.
    anchors: HashMap<String, Option<usize>>,
    /// The anchors of the nodes that are being read, and how many nodes there were before each.
    open: Vec<(Option<String>, usize)>,
    /// How many nodes there are, those that aliases repeat included.
    nodes: usize,
}

impl Bounds<'_> {
    /// A node begins: a scalar with its text, or a collection.
    fn begin(&mut self, node: Properties, scalar: Option<&str>, place: &Place) -> Result<()> {
        let Properties { anchor, tag, .. } = node;
        if let Some(tag) = tag.filter(|tag| scalar.is_none() || tag != TEXT_TAG) {
            let tag = quote(&tag.replace("tag:yaml.org,2002:", "!!"));
            return Err(self.refuse(place, format!("the tag {tag} is not read: leave it out")));
        }
        if let Some(name) = &anchor
            && self.anchors.insert(name.clone(), None).is_some()
        {
            return Err(self.refuse(place, format!("the anchor `&{name}` is there twice")));
        }
        self.open.push((anchor, self.nodes));
        // Long text counts for more than one.
        self.spend(1 + scalar.map_or(0, str::len) / 64, place)
    }

    /// The node that began last ends.
    fn end(&mut self) {
        if let Some((Some(name), before)) = self.open.pop() {
            self.anchors.insert(name, Some(self.nodes - before));
        }
    }

    fn alias(&mut self, name: &str, place: &Place) -> Result<()> {
        match self.anchors.get(name) {
            Some(Some(size)) => self.spend(*size, place),
            Some(None) => Err(self.refuse(place, format!("`*{name}` is inside what it names"))),
            None => Err(self.refuse(place, format!("there is no `&{name}` before `*{name}`"))),
        }
    }

    fn spend(&mut self, nodes: usize, place: &Place) -> Result<()> {
        self.nodes += nodes;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let why = format!("over {MAX_NODES} nodes, those that aliases repeat included");
        Err(self.refuse(place, why))
    }

    fn refuse(&self, place: &Place, why: impl AsRef<str>) -> Error {
        Error::at(self.file, (place.line, place.column), why)
    }
}
