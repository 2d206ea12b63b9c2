#include <criterion/criterion.h>
#include <string.h>

#include "protocol/ledger/chain.h"
#include "protocol/ledger/job.h"

static struct cm_journal_row sample(uint8_t body[200])
{
	struct cm_journal_row row = {.seq = 1, .at_ms = -5, .kind = 12, .sender = "ie"};

	for (int i = 0; i < 200; i++)
		body[i] = (uint8_t)i;
	row.body = body;
	row.body_len = 200;
	cr_assert(cm_id_parse("01a0c450-6c01-7000-8000-000000000001", &row.case_id));
	return row;
}

/* The expected value is from another implementation of BLAKE2b (Python's hashlib). */
Test(chain, the_hash_is_the_one_the_header_specifies)
{
	static const uint8_t zeros[CM_LEDGER_HASH_BYTES];
	uint8_t body[200];
	uint8_t hash[CM_LEDGER_HASH_BYTES];
	char text[2 * CM_LEDGER_HASH_BYTES + 1];
	struct cm_journal_row row = sample(body);

	cm_chain_hash(zeros, &row, hash);
	cm_hex_print(hash, sizeof hash, text);
	cr_assert_str_eq(text, "dac16bc07f789ad3ae73d1c6669e390841df02b0b173cdc9ab44bf5443a243a9");
}

Test(chain, every_field_and_every_boundary_counts)
{
	static const uint8_t zeros[CM_LEDGER_HASH_BYTES];
	uint8_t ones[CM_LEDGER_HASH_BYTES] = {1};
	uint8_t body[200];
	uint8_t hashes[8][CM_LEDGER_HASH_BYTES];
	struct cm_journal_row row = sample(body);
	struct cm_journal_row other = row;

	cm_chain_hash(zeros, &row, hashes[0]);
	cm_chain_hash(ones, &row, hashes[1]);
	other.seq++;
	cm_chain_hash(zeros, &other, hashes[2]);
	other = row;
	other.at_ms++;
	cm_chain_hash(zeros, &other, hashes[3]);
	other = row;
	other.kind++;
	cm_chain_hash(zeros, &other, hashes[4]);
	other = row;
	other.case_id.bytes[15] ^= 1;
	cm_chain_hash(zeros, &other, hashes[5]);
	other = row;
	other.body_len--;
	cm_chain_hash(zeros, &other, hashes[6]);
	/* One byte moved from the body to the sender: the same bytes in a row, and another hash. */
	other = row;
	body[0] = 'x';
	other.sender = "iex";
	other.body = body + 1;
	other.body_len--;
	cm_chain_hash(zeros, &other, hashes[7]);
	for (int i = 0; i < 8; i++)
		for (int j = i + 1; j < 8; j++)
			cr_assert(
			    memcmp(hashes[i], hashes[j], sizeof hashes[i]) != 0, "%d %d", i, j);
}

Test(chain, a_head_survives_its_encoding)
{
	struct cm_ledger_head head = {.seq = UINT64_C(0x0102030405060708)};
	struct cm_ledger_head back;
	uint8_t bytes[CM_HEAD_BYTES];

	memset(head.hash, 0xab, sizeof head.hash);
	cm_head_encode(&head, bytes);
	cr_assert_eq(bytes[0], 1);
	cr_assert(cm_head_decode(bytes, sizeof bytes, &back));
	cr_assert(memcmp(&head, &back, sizeof head) == 0);
	cr_assert(!cm_head_decode(bytes, sizeof bytes - 1, &back));
	cr_assert(!cm_head_decode(NULL, sizeof bytes, &back));
}

Test(job, entries_keep_their_order_and_own_their_bytes)
{
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id id = {{1}};
	char body[] = "body";
	char peer[] = "ie";

	cm_job_journal(job, (struct cm_wall){3}, 10, &id, peer, body, 4);
	cm_job_inbox_put(job, peer, &id, CM_NOT_ALLOWED, "not yours");
	cm_job_outbox_put(job, peer, &id, 11, NULL, 0);
	cm_job_outbox_delete(job, peer, &id);
	body[0] = peer[0] = 'X';
	cr_assert_eq(job->trouble, CM_OK);
	cr_assert_eq(job->entries_count, 4);
	cr_assert_eq(job->bytes, 2 + 4 + 2 + 9 + 2 + 2);
	cr_assert_eq(job->first->entry, CM_ENTRY_JOURNAL);
	cr_assert_eq(memcmp(job->first->body, "body", 4), 0);
	cr_assert_str_eq(job->first->peer, "ie");
	cr_assert_eq(job->first->next->entry, CM_ENTRY_INBOX);
	cr_assert_eq(job->first->next->status, CM_NOT_ALLOWED);
	cr_assert_str_eq((const char *)job->first->next->body, "not yours");
	cr_assert_eq(job->first->next->next->entry, CM_ENTRY_OUTBOX_PUT);
	cr_assert_eq(job->first->next->next->body_len, 0);
	cr_assert_eq(job->last->entry, CM_ENTRY_OUTBOX_DELETE);
	cm_job_free(job);
	cm_job_free(NULL);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(job, after_the_first_trouble_nothing_is_added)
{
	char name[CM_LEDGER_MAX_NAME_BYTES + 2];
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id id = {{1}};

	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = 0;
	cm_job_outbox_delete(job, name + 1, &id);
	cr_assert_eq(job->trouble, CM_OK);
	cm_job_outbox_delete(job, name, &id);
	cr_assert_eq(job->trouble, CM_TOO_LARGE);
	cm_job_outbox_delete(job, "ie", &id);
	cr_assert_eq(job->entries_count, 1);
	cm_job_free(job);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(job, the_nth_allocation_that_fails_leaves_a_job_that_says_so)
{
	struct cm_id id = {{1}};
	char body[5000] = {0};
	bool is_whole = false;

	for (size_t nth = 1; !is_whole; nth++) {
		struct cm_job *job;

		cm_alloc_fail_at(nth, false);
		job = cm_job_new(NULL);
		if (job != NULL) {
			cm_job_journal(job, (struct cm_wall){3}, 10, &id, "ie", body, sizeof body);
			cm_job_outbox_put(job, "ie", &id, 11, body, sizeof body);
			is_whole = job->trouble == CM_OK;
			cr_assert(is_whole || job->trouble == CM_NO_MEMORY);
			cr_assert(is_whole == !cm_alloc_has_failed());
		}
		cm_job_free(job);
		cm_alloc_fail_at(0, false);
		cr_assert_eq(cm_alloc_live(), 0);
		cr_assert_lt(nth, 20);
	}
}
