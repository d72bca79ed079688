-- For WHERE: the months of receipt in which events from a day before the range on can lie; one happens 5 minutes after its receipt
-- at most, by clocks that differ. By the partition's value, which is known without reading a column.
_partition_value.1 >= toYYYYMM({since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY - INTERVAL 5 MINUTE)
