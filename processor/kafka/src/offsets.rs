//! What the brokers say of partitions: committed positions with their metadata, where a partition begins and ends.

use crate::identity::Identity;
use footfall_delivery::Assignment;
use rdkafka::bindings::rd_kafka_get_watermark_offsets;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::time::Duration;

/// A list of these partitions, at an offset.
pub(crate) fn list(
    topic: &str,
    partitions: impl IntoIterator<Item = i32>,
    offset: Offset,
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition_offset(topic, partition, offset)?;
    }
    Ok(list)
}

/// Everything that an assignment has to say, read now. All or nothing.
pub(crate) fn assignments<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
    identity: &Identity,
    patience: Duration,
) -> KafkaResult<Vec<Assignment>> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let asked = list(topic, partitions.iter().copied(), Offset::Invalid)?;
    let committed = committed(&consumer.committed_offsets(asked, patience)?)?;
    let earliest = edges(consumer, topic, partitions, Offset::Beginning, patience)?;
    let end = edges(consumer, topic, partitions, Offset::End, patience)?;
    let known = |map: &BTreeMap<i32, u64>, partition: i32| map.get(&partition).copied().unwrap_or_default();
    let mut assignments = Vec::with_capacity(partitions.len());
    for partition in partitions {
        let place = committed.get(partition).cloned().flatten();
        let place = place.and_then(|(position, line)| Some((position, identity.incoming(line)?)));
        assignments.push(Assignment {
            partition: u32::try_from(*partition).unwrap_or_default(),
            committed: place,
            earliest: known(&earliest, *partition),
            end: known(&end, *partition),
        });
    }
    Ok(assignments)
}

pub(crate) type Committed = BTreeMap<i32, Option<(u64, String)>>;

/// Metadata that is not UTF-8 was not written by us: it counts as foreign.
pub(crate) fn committed(list: &TopicPartitionList) -> KafkaResult<Committed> {
    let mut committed = BTreeMap::new();
    for element in list.elements() {
        element.error()?;
        let Offset::Offset(position) = element.offset() else {
            committed.insert(element.partition(), None);
            continue;
        };
        let position = u64::try_from(position).unwrap_or_default();
        let line = metadata(list, element.partition());
        committed.insert(element.partition(), Some((position, line)));
    }
    Ok(committed)
}

/// The library's own accessor panics on bytes that are not UTF-8.
fn metadata(list: &TopicPartitionList, partition: i32) -> String {
    // SAFETY: the list is alive and nobody else has it; librdkafka keeps `cnt` initialised elements in `elems`.
    let elements = unsafe {
        let raw = &*list.ptr();
        std::slice::from_raw_parts(raw.elems, usize::try_from(raw.cnt).unwrap_or_default())
    };
    let found = elements
        .iter()
        .find(|element| element.partition == partition && !element.metadata.is_null());
    let Some(element) = found else {
        return String::new();
    };
    // SAFETY: `metadata` points to `metadata_size` bytes that live as long as the element.
    let bytes = unsafe {
        std::slice::from_raw_parts(element.metadata.cast::<u8>().cast_const(), element.metadata_size)
    };
    std::str::from_utf8(bytes).unwrap_or("not text").to_owned()
}

/// First offsets ([`Offset::Beginning`]) or those after the last ([`Offset::End`]), in one request per broker: a
/// `ListOffsets` by time takes these two as times.
pub(crate) fn edges<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
    edge: Offset,
    patience: Duration,
) -> KafkaResult<BTreeMap<i32, u64>> {
    let asked = list(topic, partitions.iter().copied(), edge)?;
    let answered = consumer.offsets_for_times(asked, patience)?;
    for element in answered.elements() {
        element.error()?;
    }
    let found = found(&answered);
    if found.len() < partitions.len() {
        return Err(KafkaError::OffsetFetch(RDKafkaErrorCode::NoOffset));
    }
    Ok(found)
}

/// The elements that have a real offset and no error.
pub(crate) fn found(list: &TopicPartitionList) -> BTreeMap<i32, u64> {
    let elements = list.elements();
    let good = elements.iter().filter(|element| element.error().is_ok());
    good.filter_map(|element| match element.offset() {
        Offset::Offset(offset) => Some((element.partition(), u64::try_from(offset).ok()?)),
        _ => None,
    })
    .collect()
}

/// All partitions that the topic has.
pub(crate) fn partitions<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    patience: Duration,
) -> KafkaResult<Vec<i32>> {
    let metadata = consumer.fetch_metadata(Some(topic), patience)?;
    let found = metadata.topics().iter().find(|one| one.name() == topic);
    let all: Vec<i32> = found.map_or(Vec::new(), |topic| {
        topic
            .partitions()
            .iter()
            .map(|partition| partition.id())
            .collect()
    });
    if all.is_empty() {
        return Err(KafkaError::MetadataFetch(
            RDKafkaErrorCode::UnknownTopicOrPartition,
        ));
    }
    Ok(all)
}

/// Where a partition ends, as the last fetch said; costs nothing.
pub(crate) fn cached_end<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
) -> Option<u64> {
    let topic = CString::new(topic).ok()?;
    let (mut low, mut high) = (0_i64, 0_i64);
    // SAFETY: the client is alive, the name is a C string, both results are ours.
    let code = unsafe {
        rd_kafka_get_watermark_offsets(
            consumer.client().native_ptr(),
            topic.as_ptr(),
            partition,
            &raw mut low,
            &raw mut high,
        )
    };
    let known = RDKafkaErrorCode::from(code) == RDKafkaErrorCode::NoError;
    u64::try_from(high).ok().filter(|_| known)
}
