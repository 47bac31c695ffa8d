//! As `terraform fmt` lays it out: two spaces a level, and the equals signs of neighbouring lines under one another. Comments,
//! blank lines and what a template's author broke over lines stay as they are; what was filled in is laid out here.

use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue, ObjectValueTerminator};
use hcl_edit::structure::{Body, Structure, StructureMut};
use hcl_edit::{Decor, Decorate as _};

const STEP: usize = 2;
/// A row of a table that is longer stands on lines of its own.
const ROW_MAX: usize = 140;

/// Asks for each entry of an object on a line of its own.
pub fn on_lines(mut object: Expression) -> Expression {
    if let Some(object) = object.as_object_mut() {
        object.set_trailing("\n");
    }
    object
}

/// Lays a whole file out.
pub fn lay_out(body: &mut Body) {
    // Nothing stands above the first line, whatever was taken away there.
    if let Some(mut first) = body.iter_mut().next() {
        let text = prefix(first.decor()).trim_start().to_owned();
        first.decor_mut().set_prefix(text);
    }
    lay_body(body);
}

fn lay_body(body: &mut Body) {
    for mut structure in body.iter_mut() {
        if let Some(block) = structure.as_block_mut() {
            // The first line of a block follows its brace, whatever was taken away between.
            if let Some(mut first) = block.body.iter_mut().next() {
                let text = prefix(first.decor()).trim_start_matches('\n').to_owned();
                first.decor_mut().set_prefix(text);
            }
            lay_body(&mut block.body);
        } else if let Some(mut attribute) = structure.as_attribute_mut() {
            let indent = indent_of(attribute.get().decor());
            lay_value(attribute.value_mut(), indent);
        }
    }
    let lines: Vec<Line> = body.iter().map(line_of).collect();
    for (structure, width) in body.iter_mut().zip(widths(&lines)) {
        align(structure, width);
    }
}

fn line_of(structure: &Structure) -> Line {
    match structure {
        Structure::Block(_) => Line { key: 0, aligns: false, follows: false },
        Structure::Attribute(attribute) => Line {
            key: attribute.key.as_str().len(),
            aligns: is_one_line(&attribute.value),
            follows: !prefix(attribute.decor()).contains('\n'),
        },
    }
}

fn align(mut structure: StructureMut<'_>, width: usize) {
    if let Some(mut attribute) = structure.as_attribute_mut() {
        let pad = " ".repeat(width.saturating_sub(attribute.get().key.as_str().len()) + 1);
        attribute.key_decor_mut().set_suffix(pad);
    }
}

/// One assignment, as far as its neighbours see it.
#[derive(Clone, Copy)]
struct Line {
    key: usize,
    /// False for an item that opens more lines: it stands alone.
    aligns: bool,
    /// Neither a blank line nor a comment is between it and the one above.
    follows: bool,
}

/// The width of the keys in each line's group.
fn widths(lines: &[Line]) -> Vec<usize> {
    let mut widths: Vec<usize> = lines.iter().map(|line| line.key).collect();
    let mut start = 0;
    while start < lines.len() {
        let more = lines[start + 1..].iter().take_while(|line| lines[start].aligns && line.aligns && line.follows);
        let end = start + 1 + more.count();
        let widest = lines[start..end].iter().map(|line| line.key).max().unwrap_or(0);
        widths[start..end].fill(widest);
        start = end;
    }
    widths
}

fn lay_value(value: &mut Expression, indent: usize) {
    match value {
        Expression::Object(object) => lay_object(object, indent),
        Expression::Array(array) => lay_array(array, indent),
        Expression::FuncCall(call) => call.args.iter_mut().for_each(|argument| lay_value(argument, indent)),
        _ => {}
    }
}

fn lay_object(object: &mut Object, indent: usize) {
    // A template's own entries have a blank or a line break before them.
    let is_fresh = object.iter().next().is_some_and(|(key, _)| prefix(key_decor(key)).is_empty());
    if is_fresh {
        let is_row = |value: &ObjectValue| matches!(value.expr(), Expression::Object(row) if !row.is_empty());
        let is_table = object.iter().any(|(_, value)| is_row(value));
        if is_table {
            same_rows(object);
        }
        let long = is_table || object.trailing().contains('\n') || length(object) > ROW_MAX;
        break_up(object, long.then_some(indent));
    }
    let broken = object.iter().any(|(_, value)| value.terminator() == ObjectValueTerminator::Newline);
    for (key, value) in object.iter_mut() {
        let inner = if broken { indent_of(key_decor(key.get())) } else { indent };
        lay_value(value.expr_mut(), inner);
    }
    if broken {
        let lines: Vec<Line> = object
            .iter()
            .map(|(key, value)| Line {
                key: key_width(key),
                aligns: is_one_line(value.expr()),
                follows: prefix(key_decor(key)).trim_start_matches(' ').is_empty(),
            })
            .collect();
        for ((mut key, _), (width, line)) in object.iter_mut().zip(widths(&lines).into_iter().zip(&lines)) {
            key.decor_mut().set_suffix(" ".repeat(width - line.key + 1));
        }
    }
}

/// Gives all rows of a table lines of their own if one needs them.
fn same_rows(table: &mut Object) {
    let rows = table.iter().filter_map(|(_, value)| value.expr().as_object());
    if rows.map(length).max() > Some(ROW_MAX) {
        for (_, value) in table.iter_mut() {
            let row = std::mem::replace(value.expr_mut(), Expression::null());
            *value.expr_mut() = on_lines(row);
        }
    }
}

fn length(object: &Object) -> usize {
    Expression::Object(object.clone()).to_string().len()
}

/// One entry a line, the object itself at `indent`; or all in one.
fn break_up(object: &mut Object, indent: Option<usize>) {
    let last = object.len() - 1;
    for (at, (mut key, value)) in object.iter_mut().enumerate() {
        let (before, after) = match indent {
            Some(indent) => {
                let step = " ".repeat(indent + STEP);
                (if at == 0 { format!("\n{step}") } else { step }, ObjectValueTerminator::Newline)
            }
            None => {
                (" ".to_owned(), if at == last { ObjectValueTerminator::None } else { ObjectValueTerminator::Comma })
            }
        };
        key.decor_mut().set_prefix(before);
        key.decor_mut().set_suffix(" ");
        value.set_terminator(after);
    }
    object.set_trailing(" ".repeat(indent.unwrap_or(1)));
}

fn lay_array(array: &mut Array, indent: usize) {
    let is_fresh = array.get(0).is_some_and(|value| prefix(value.decor()).is_empty());
    let of_objects = array.iter().any(|value| matches!(value, Expression::Object(_)));
    if is_fresh && of_objects {
        for value in array.iter_mut() {
            value.decor_mut().set_prefix(format!("\n{}", " ".repeat(indent + STEP)));
            lay_value(value, indent + STEP);
        }
        array.set_trailing_comma(true);
        array.set_trailing(format!("\n{}", " ".repeat(indent)));
    } else {
        array.iter_mut().for_each(|value| {
            let inner = if prefix(value.decor()).contains('\n') { indent_of(value.decor()) } else { indent };
            lay_value(value, inner);
        });
    }
}

fn prefix(decor: &Decor) -> &str {
    decor.prefix().map_or("", |text| text)
}

/// The blanks at the beginning of the line.
fn indent_of(decor: &Decor) -> usize {
    prefix(decor).rsplit('\n').next().map_or(0, str::len)
}

fn key_decor(key: &ObjectKey) -> &Decor {
    match key {
        ObjectKey::Ident(ident) => ident.decor(),
        ObjectKey::Expression(expression) => expression.decor(),
    }
}

fn key_width(key: &ObjectKey) -> usize {
    match key {
        ObjectKey::Ident(ident) => ident.as_str().len(),
        ObjectKey::Expression(expression) => expression.to_string().trim().len(),
    }
}

fn is_one_line(value: &Expression) -> bool {
    !value.to_string().contains('\n')
}
