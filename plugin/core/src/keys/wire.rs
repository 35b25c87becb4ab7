//! The wire format of SSH's keys and signatures (RFC 4251, section 5).

/// Reads the strings of SSH's wire format: a length of four bytes, then as many.
pub(super) struct Wire<'w>(pub(super) &'w [u8]);

impl<'w> Wire<'w> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'w [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    pub(super) fn string(&mut self) -> Option<&'w [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Writes such a string.
pub(super) fn put(out: &mut Vec<u8>, string: &[u8]) {
    out.extend((string.len() as u32).to_be_bytes());
    out.extend(string);
}

/// A number without the zeros before it.
pub(super) fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
