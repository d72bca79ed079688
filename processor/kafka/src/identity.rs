//! Which topic it is. A topic that was deleted and made anew has the same name and another id; positions of the old one
//! mean nothing in it.
//!
//! The processor is told one id at its start and compares metadata with that for its whole life
//! ([`footfall_delivery::Config::topic`]). The topic may be made anew meanwhile, so the poll thread translates: metadata
//! of the topic that is there now comes in under the id that the processor knows, and goes out under the real one.

use footfall_delivery::Meta;

#[derive(Debug, Clone)]
pub(crate) struct Identity {
    known_as: String,
    real: String,
}

impl Identity {
    pub(crate) fn new(id: String) -> Self {
        Self {
            known_as: id.clone(),
            real: id,
        }
    }

    /// The id of the topic that is there now.
    pub(crate) fn real(&self) -> &str {
        &self.real
    }

    pub(crate) fn set(&mut self, id: String) {
        self.real = id;
    }

    /// Committed metadata as the processor is to see it; `None` if its position is of another topic.
    pub(crate) fn incoming(&self, line: String) -> Option<String> {
        let Some(mut meta) = Meta::parse(&line) else {
            // Not ours: the position may be good, who wrote it is not known. The processor fences everybody.
            return Some(line);
        };
        let topic = topic_mut(&mut meta);
        if *topic != self.real {
            return None;
        }
        topic.clone_from(&self.known_as);
        Some(meta.encode())
    }

    /// Metadata as it is to be committed.
    pub(crate) fn outgoing(&self, mut meta: Meta) -> Meta {
        let topic = topic_mut(&mut meta);
        if *topic == self.known_as {
            topic.clone_from(&self.real);
        }
        meta
    }
}

fn topic_mut(meta: &mut Meta) -> &mut String {
    match meta {
        Meta::Open { topic, .. } | Meta::Closed { topic } => topic,
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;
    use footfall_delivery::Meta;

    fn closed(topic: &str) -> String {
        let topic = topic.to_owned();
        Meta::Closed { topic }.encode()
    }

    #[test]
    fn a_position_of_the_topic_before_is_absent() {
        let mut identity = Identity::new("a".to_owned());
        assert_eq!(identity.incoming(closed("a")), Some(closed("a")));
        identity.set("b".to_owned());
        assert_eq!(identity.incoming(closed("a")), None);
        assert_eq!(identity.incoming(closed("b")), Some(closed("a")));
        assert_eq!(
            identity.incoming("by hand".to_owned()),
            Some("by hand".to_owned())
        );
    }
}
