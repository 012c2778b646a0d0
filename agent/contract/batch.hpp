// Batches of records (up/data, up/backfill): the writer that the agent fills, and the reader of the centre.
// Values are published through the layout they were read with, as the shortest decimals (contract.md,
// Records).
#pragma once

#include "agent/contract/batch_reader.hpp"
#include "agent/contract/batch_writer.hpp"
#include "agent/contract/meta.hpp"
