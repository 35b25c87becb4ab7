//! YAML with a place for every node. One parser reads and locates, so that the two can never disagree.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, Span};

use crate::limits::{POLICY_DEPTH, POLICY_NODES};
use crate::order::Index;

/// Where a node stands: line and column from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

impl Place {
    fn of(span: Span) -> Self {
        let one_line = span.start.line() == span.end.line();
        let length = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        Place { line: span.start.line().max(1), column: span.start.col() + 1, length: length.max(1) }
    }
}

/// A node of the document.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub place: Place,
    pub value: Value<'a>,
}

/// The value that a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// A scalar, as text.
    Scalar(Cow<'a, str>),
    /// A list of nodes.
    List(Vec<Node<'a>>),
    /// A mapping, in the order of the source, each key once.
    Map(Vec<(Key<'a>, Node<'a>)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Key<'a> {
    pub text: Cow<'a, str>,
    pub place: Place,
}

/// A fault of the document as YAML.
#[derive(Debug)]
pub(crate) struct Fault {
    pub place: Place,
    pub message: String,
    pub help: Option<&'static str>,
}

impl Fault {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Fault { place, message: message.into(), help: None }
    }
}

impl Node<'_> {
    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Reads one document.
pub(crate) fn parse(source: &str) -> Result<Node<'_>, Fault> {
    let mut reader = Reader { parser: Parser::new_from_str(source), nodes: 0, anchors: Vec::new() };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Fault::new(
                    Place::of(span),
                    "one YAML document is read, and here a second begins",
                ));
            }
            Event::DocumentStart(_) => {
                let (event, span) = reader.next()?;
                root = Some(reader.node(event, span, 0)?);
            }
            _ => return Err(Fault::new(Place::of(span), "expected a YAML document")),
        }
    }
    root.ok_or_else(|| Fault::new(Place { line: 1, column: 1, length: 1 }, "the document is empty"))
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    nodes: usize,
    /// The nodes that aliases may stand for, each at the number that the parser gives its anchor.
    anchors: Vec<Option<Node<'a>>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(e)) => {
                let place = Place { line: e.marker().line().max(1), column: e.marker().col() + 1, length: 1 };
                Err(Fault::new(place, format!("not YAML: {}", e.info())))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn count(&mut self, nodes: usize, place: Place) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes > POLICY_NODES {
            return Err(Fault::new(place, format!("more than {POLICY_NODES} nodes, aliases included")));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node<'a>, Fault> {
        let place = Place::of(span);
        if depth > POLICY_DEPTH {
            return Err(Fault::new(place, format!("nested deeper than {POLICY_DEPTH}")));
        }
        self.count(1, place)?;
        let (value, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (Value::Scalar(text), anchor),
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
                (Value::List(items), anchor)
            }
            Event::MappingStart(anchor, _) => (Value::Map(self.entries(depth)?), anchor),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(anchor).cloned().flatten() else {
                    return Err(Fault::new(place, "an alias of something that is not complete here"));
                };
                self.count(size(&node), place)?;
                return Ok(Node { place, ..node });
            }
            _ => return Err(Fault::new(place, "expected a value")),
        };
        let node = Node { place, value };
        if anchor != 0 {
            self.count(size(&node), place)?;
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, None);
            }
            if let Some(slot) = self.anchors.get_mut(anchor) {
                *slot = Some(node.clone());
            }
        }
        Ok(node)
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<(Key<'a>, Node<'a>)>, Fault> {
        let mut entries: Vec<(Key<'a>, Node<'a>)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let place = Place::of(span);
            let key = match event {
                Event::MappingEnd => {
                    reject_duplicates(&entries)?;
                    return Ok(entries);
                }
                Event::Scalar(text, ..) => Key { text, place },
                _ => return Err(Fault::new(place, "a key is a single word here")),
            };
            if key.text == "<<" {
                return Err(Fault {
                    help: Some("repeat the keys; a policy says what it means where it means it"),
                    ..Fault::new(place, "merge keys (`<<`) are not read")
                });
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push((key, value));
        }
    }
}

fn reject_duplicates(entries: &[(Key<'_>, Node<'_>)]) -> Result<(), Fault> {
    let same = |(at, (key, _)): (usize, &(Key<'_>, Node<'_>))| {
        entries.iter().take(at).any(|(before, _)| before.text == key.text)
    };
    // Most mappings have a few keys.
    if entries.len() < 16 && !entries.iter().enumerate().any(same) {
        return Ok(());
    }
    let keys = Index::of(entries.iter().map(|(key, _)| key.text.as_bytes()));
    let Some((first, second)) = keys.twice() else { return Ok(()) };
    match (entries.get(first), entries.get(second)) {
        (Some((first, _)), Some((second, _))) => Err(Fault::new(
            second.place,
            format!("duplicate key `{}`, first on line {}", second.text, first.place.line),
        )),
        _ => Ok(()),
    }
}

fn size(node: &Node<'_>) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}
