//! Reading of plain values and of what holds others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Json, Outcome, Read};
use crate::model::List;

impl<'de> Read<'de> for Cow<'de, str> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        *self = json.string()?;
        Ok(())
    }
}

impl<'de> Read<'de> for String {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        *self = json.string()?.into_owned();
        Ok(())
    }
}

impl<'de> Read<'de> for bool {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        *self = json.peek() == Some(b't');
        match json.peek() {
            Some(b't') => json.word("true"),
            Some(b'f') => json.word("false"),
            _ => Err(json.unexpected("true or false")),
        }
    }
}

impl<'de> Read<'de> for u64 {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        let number = json.integer()?;
        *self = u64::try_from(number).map_err(|_| json.fault("expected a number that is not negative"))?;
        Ok(())
    }
}

impl<'de> Read<'de> for u32 {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        let number = json.integer()?;
        *self = u32::try_from(number).map_err(|_| json.fault("expected a number up to 4294967295"))?;
        Ok(())
    }
}

impl<'de> Read<'de> for usize {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        let mut number = 0_u32;
        number.read(json)?;
        *self = number as usize;
        Ok(())
    }
}

impl<'de, T: Default + Read<'de>> Read<'de> for Option<T> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        if json.null()? { Ok(()) } else { self.insert(T::default()).read(json) }
    }
}

impl<'de, T: Read<'de>> Read<'de> for Box<T> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        self.as_mut().read(json)
    }
}

impl<'de, T: Clone + Read<'de>> Read<'de> for Arc<T> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        Arc::make_mut(self).read(json)
    }
}

impl<'de, T: Default + Read<'de>> Read<'de> for Vec<T> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        json.list(&mut |json| {
            self.push(T::default());
            self.last_mut().map_or(Ok(()), |item| item.read(json))
        })
    }
}

impl<'de, T: Default + Read<'de>, const MAX: usize> Read<'de> for List<T, MAX> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        let start = json.place();
        json.list(&mut |json| {
            // Entries are large, and the first tells how many may follow it.
            if self.len() == 1 {
                self.make_room(json.may_follow(start));
            }
            match self.add() {
                Some(item) => item.read(json),
                None => json.skip(),
            }
        })
    }
}

impl<'de, T: Default + Read<'de>> Read<'de> for BTreeMap<String, T> {
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
        json.entries(&mut |key, json| self.entry(key.to_owned()).or_default().read(json))
    }
}
