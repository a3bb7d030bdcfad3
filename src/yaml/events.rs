//! libyaml's parser behind a safe wrapper: a text in, its events out, each with its place.
//!
//! `serde_yaml` is built on the same parser, but keeps places and styles to itself. The wrapper is the
//! only unsafe code here.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use libyaml_rs as sys;

use super::MAX_DEPTH;

/// What may be in front of a file's first character.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// A part of a document.
#[derive(Debug)]
pub(super) enum Event {
    /// At its `---`, or where it begins without one.
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    /// `*name`
    Alias(String),
    Scalar {
        properties: Properties,
        text: String,
        /// Whether its characters decide its type: it has neither quotes nor a tag.
        plain: bool,
    },
    SequenceStart(Properties),
    MappingStart(Properties),
    /// A sequence or mapping ends.
    End,
    /// The start of the stream, which says nothing.
    Nothing,
}

/// What may be in front of a node.
#[derive(Debug, Default)]
pub(super) struct Properties {
    /// `&name`
    pub(super) anchor: Option<String>,
    /// A tag in full, as `tag:yaml.org,2002:str`.
    pub(super) tag: Option<String>,
    /// Whether a collection is written in brackets.
    pub(super) flow: bool,
}

/// Where an event is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its bytes; of a collection's start, those of the bracket, anchor or tag.
    pub(super) span: Range<usize>,
    /// Its line, from 1.
    pub(super) line: usize,
    /// Its column in characters, from 1.
    pub(super) column: usize,
}

/// Why a text is not YAML.
#[derive(Debug)]
pub(super) struct Problem {
    /// libyaml's words.
    pub(super) message: String,
    /// Its line and column, from 1.
    pub(super) place: (usize, usize),
}

/// Reads events one after the other.
pub(super) struct Parser<'a> {
    /// In a box, since libyaml keeps a pointer to it.
    raw: Box<MaybeUninit<sys::yaml_parser_t>>,
    /// How many collections are open.
    depth: usize,
    /// The bytes in front of what libyaml reads, where it lies.
    start: usize,
    text: PhantomData<&'a str>,
}

impl<'a> Parser<'a> {
    /// Reads `text`, without a byte order mark in front, behind which libyaml would not see `---`.
    pub(super) fn new(text: &'a str) -> Self {
        let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let mut parser = Box::new(MaybeUninit::uninit());
        let raw = parser.as_mut_ptr();
        // SAFETY: `raw` points to memory for a parser, which `yaml_parser_initialize` fills (it fails
        // only where memory ends, and then Rust's allocator under it has aborted). The text outlives
        // the parser, by its lifetime.
        unsafe {
            let _ = sys::yaml_parser_initialize(raw);
            sys::yaml_parser_set_encoding(raw, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(raw, body.as_ptr(), body.len() as u64);
        }
        Self { raw: parser, depth: 0, start: text.len() - body.len(), text: PhantomData }
    }

    /// The byte at which it begins to read.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The next event. After the end of the stream, or an error, there is none to ask for.
    ///
    /// # Errors
    /// The text is not YAML, or nested too deep.
    pub(super) fn next(&mut self) -> Result<(Event, Place), Problem> {
        let raw = self.raw.as_mut_ptr();
        let mut event = MaybeUninit::<sys::yaml_event_t>::uninit();
        // SAFETY: the parser is initialized. `yaml_parser_parse` fills the event unless it fails;
        // then only the parser's description of the error is read. The event is deleted after its
        // parts are copied, and not used again.
        let (event, place) = unsafe {
            if sys::yaml_parser_parse(raw, event.as_mut_ptr()).fail {
                return Err(problem(&*raw));
            }
            let read = (convert(&*event.as_ptr()), place(&*event.as_ptr(), self.start));
            sys::yaml_event_delete(event.as_mut_ptr());
            read
        };
        match event {
            Event::SequenceStart(_) | Event::MappingStart(_) => self.depth += 1,
            Event::End => self.depth -= 1,
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Problem { message, place: (place.line, place.column) });
        }
        Ok((event, place))
    }
}

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        // SAFETY: it is initialized, and nobody uses it after this.
        unsafe { sys::yaml_parser_delete(self.raw.as_mut_ptr()) }
    }
}

/// The place of an event in the text, `before` bytes of which libyaml has not seen.
fn place(event: &sys::yaml_event_t, before: usize) -> Place {
    let (start, end) = (&event.start_mark, &event.end_mark);
    let (line, column) = from_one(start);
    Place { span: before + size(start.index)..before + size(end.index), line, column }
}

fn from_one(mark: &sys::yaml_mark_t) -> (usize, usize) {
    (size(mark.line) + 1, size(mark.column) + 1)
}

/// A text in memory has no larger size.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// # Safety
/// The parser has failed.
unsafe fn problem(parser: &sys::yaml_parser_t) -> Problem {
    // SAFETY: libyaml's messages are string literals of C, or null.
    let (message, context) =
        unsafe { (string(parser.problem.cast()), string(parser.context.cast())) };
    let message = message.unwrap_or_else(|| "this is not YAML".to_owned());
    let (line, column) = from_one(&parser.context_mark);
    let message = match context {
        Some(context) => format!("{message} {context} (from {line}:{column} on)"),
        None => message,
    };
    Problem { message, place: from_one(&parser.problem_mark) }
}

/// # Safety
/// libyaml has filled the event.
unsafe fn convert(event: &sys::yaml_event_t) -> Event {
    let properties = |anchor: *mut u8, tag: *mut u8, flow| {
        // SAFETY: an event's anchor and tag are NUL-terminated, or null.
        let (anchor, tag) = unsafe { (string(anchor.cast()), string(tag.cast())) };
        Properties { anchor, tag, flow }
    };
    // SAFETY: the type says which part of the union libyaml has filled.
    unsafe {
        match event.type_ {
            sys::YAML_DOCUMENT_START_EVENT => Event::DocumentStart,
            sys::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd,
            sys::YAML_STREAM_END_EVENT => Event::StreamEnd,
            sys::YAML_ALIAS_EVENT => {
                Event::Alias(string(event.data.alias.anchor.cast()).unwrap_or_default())
            }
            sys::YAML_SCALAR_EVENT => {
                let scalar = &event.data.scalar;
                // With its length: it may hold NULs.
                let bytes = std::slice::from_raw_parts(scalar.value, size(scalar.length));
                let mut properties = properties(scalar.anchor, scalar.tag, false);
                let plain = scalar.style == sys::YAML_PLAIN_SCALAR_STYLE;
                if scalar.plain_implicit && !plain {
                    // libyaml takes `!` before quotes away, by which they are none.
                    properties.tag = Some("!".to_owned());
                }
                Event::Scalar {
                    text: String::from_utf8_lossy(bytes).into_owned(),
                    plain: plain && scalar.plain_implicit,
                    properties,
                }
            }
            sys::YAML_SEQUENCE_START_EVENT => {
                let start = &event.data.sequence_start;
                let flow = start.style == sys::YAML_FLOW_SEQUENCE_STYLE;
                Event::SequenceStart(properties(start.anchor, start.tag, flow))
            }
            sys::YAML_MAPPING_START_EVENT => {
                let start = &event.data.mapping_start;
                let flow = start.style == sys::YAML_FLOW_MAPPING_STYLE;
                Event::MappingStart(properties(start.anchor, start.tag, flow))
            }
            sys::YAML_SEQUENCE_END_EVENT | sys::YAML_MAPPING_END_EVENT => Event::End,
            _ => Event::Nothing,
        }
    }
}

/// # Safety
/// `pointer` is null, or points to a NUL-terminated string.
unsafe fn string(pointer: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    let string = (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) })?;
    Some(string.to_string_lossy().into_owned())
}
