//! Changing values of a TOML document where they stand, so that comments, order and layout of whoever
//! edited the file by hand stay.

use toml_edit::{Item, TableLike, Value};

/// Edits the table under `key`, which begins as `fresh` when it is absent.
pub fn within(table: &mut dyn TableLike, key: &str, fresh: Item, edit: impl FnOnce(&mut dyn TableLike)) {
    if table.get(key).is_none_or(|item| !item.is_table_like()) {
        table.insert(key, fresh);
    }
    if let Some(inner) = table.get_mut(key).and_then(Item::as_table_like_mut) {
        edit(inner);
    }
}

/// Sets or removes one value; an equal value keeps its spelling, a changed one keeps its comments.
pub fn set(table: &mut dyn TableLike, key: &str, wanted: Option<Value>) {
    let Some(mut wanted) = wanted else {
        table.remove(key);
        return;
    };
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(present) => {
            if !same_value(present, &wanted) {
                *wanted.decor_mut() = present.decor().clone();
                *present = wanted;
            }
        }
        None => {
            table.insert(key, Item::Value(wanted));
        }
    }
}

/// Like [`set`], but a value that equals the default is not added to a file that leaves it out.
pub fn set_unless_absent(table: &mut dyn TableLike, key: &str, wanted: Value, is_default: bool) {
    if table.contains_key(key) || !is_default {
        set(table, key, Some(wanted));
    }
}

fn same_value(present: &Value, wanted: &Value) -> bool {
    match (present, wanted) {
        (Value::String(a), Value::String(b)) => a.value() == b.value(),
        (Value::Integer(a), Value::Integer(b)) => a.value() == b.value(),
        (Value::Boolean(a), Value::Boolean(b)) => a.value() == b.value(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        _ => false,
    }
}
