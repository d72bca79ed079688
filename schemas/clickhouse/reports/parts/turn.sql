-- What to order events by: time, then the page's own numbers, then those of the log.
bitShiftLeft(toUInt128(toUnixTimestamp64Milli(time)), 84) + bitShiftLeft(toUInt128(seq), 52) + log_seq
