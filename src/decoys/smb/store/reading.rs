//! The bytes of files.

use std::sync::Arc;

use super::node::{Body, Node};
use super::own::{Content, Own};
use super::{backups, images};
use crate::decoys::smb::status::Status;

/// Largest file that is made whole in memory, bytes: the largest image is a mammogram of some 27 MiB.
pub(crate) const MAX_HELD: u64 = 48 << 20;

impl Own<'_> {
    /// A file's bytes, all of them; for files of at most [`MAX_HELD`].
    pub(crate) fn whole(&self, node: &Node) -> Result<Arc<[u8]>, Status> {
        if node.size > MAX_HELD {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let bytes: Arc<[u8]> = match &node.body {
            Body::Folder => return Err(Status::INVALID_DEVICE_REQUEST),
            Body::Held => return Err(Status::SHARING_VIOLATION),
            Body::Bytes(bytes) => Arc::clone(bytes),
            Body::Image(of, instance) => {
                let eyes = &self.eyes;
                self.session.heavy(|| images::bytes(eyes, &of.0, &of.1, instance)).into()
            }
            Body::Paper(paper) => self.session.heavy(|| paper.bytes(&self.eyes)).unwrap_or_default().into(),
            Body::Backup(_) | Body::Own(..) => {
                let length = usize::try_from(node.size).unwrap_or(0);
                self.part(node, 0, length)?.into()
            }
        };
        Ok(bytes)
    }

    /// So many bytes from a place on, as far as the file goes.
    pub(crate) fn part(&self, node: &Node, from: u64, length: usize) -> Result<Vec<u8>, Status> {
        let rest = usize::try_from(node.size.saturating_sub(from)).unwrap_or(usize::MAX);
        let length = length.min(rest);
        match &node.body {
            Body::Backup(seed) => Ok(backups::bytes(*seed, from, length)),
            Body::Own(contents, base) => self.written(contents, base.as_deref(), from, length),
            Body::Folder | Body::Held | Body::Bytes(_) | Body::Image(..) | Body::Paper(_) => {
                let whole = self.whole(node)?;
                let at = usize::try_from(from).unwrap_or(usize::MAX);
                let end = at.saturating_add(length).min(whole.len());
                Ok(whole.get(at..end).unwrap_or_default().to_vec())
            }
        }
    }

    fn written(
        &self,
        contents: &[Content],
        base: Option<&Node>,
        from: u64,
        length: usize,
    ) -> Result<Vec<u8>, Status> {
        let mut out = match base {
            Some(base) => self.part(base, from, length)?,
            None => Vec::new(),
        };
        out.resize(length, 0);
        for content in contents {
            // Behind where it was cut off nothing of before is left.
            let kept = usize::try_from(content.kept.saturating_sub(from)).unwrap_or(usize::MAX);
            if let Some(rest) = out.get_mut(kept.min(length)..) {
                rest.fill(0);
            }
            let cap = usize::try_from(MAX_HELD).unwrap_or(usize::MAX);
            let bytes = self.session.read_artefact(&content.sha256, cap).unwrap_or_default();
            let mut bytes = bytes.as_slice();
            for (at, size) in &content.parts {
                let size = usize::try_from(*size).unwrap_or(usize::MAX).min(bytes.len());
                let (part, rest) = bytes.split_at(size);
                lay(&mut out, from, *at, part);
                bytes = rest;
            }
        }
        Ok(out)
    }
}

/// Lays bytes that belong at `at` over those that begin at `from`.
pub(super) fn lay(out: &mut [u8], from: u64, at: u64, part: &[u8]) {
    let skip = usize::try_from(from.saturating_sub(at)).unwrap_or(usize::MAX);
    let start = usize::try_from(at.saturating_sub(from)).unwrap_or(usize::MAX);
    let (Some(slots), Some(part)) = (out.get_mut(start..), part.get(skip..)) else { return };
    slots.iter_mut().zip(part).for_each(|(slot, byte)| *slot = *byte);
}

#[cfg(test)]
mod tests {
    use super::lay;

    #[test]
    fn parts_are_laid_where_they_belong() {
        for (at, expected) in [(10, *b"abcdEFGH"), (8, *b"cdCDEFGH"), (14, *b"ABCDabcd"), (16, *b"ABCDEFab")]
        {
            let mut out = *b"ABCDEFGH";
            lay(&mut out, 10, at, b"abcd");
            assert_eq!(out, expected, "{at}");
        }
        let mut out = *b"AB";
        lay(&mut out, 10, 20, b"abcd");
        lay(&mut out, 10, 2, b"abcd");
        assert_eq!(out, *b"AB");
    }
}
