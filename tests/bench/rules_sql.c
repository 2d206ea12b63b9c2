/* SQLite: one UNION ALL of 100 SELECTs, prepared once, the facts bound as numbers or NULL. */
#include <sqlite3.h>
#include <stdlib.h>

#include "tests/bench/rules.h"

struct bench_sql {
	sqlite3 *db;
	sqlite3_stmt *statement;
};

struct bench_sql *bench_sql_new(const struct bench_set *set)
{
	struct bench_sql *sql = calloc(1, sizeof *sql);
	struct cm_buf text;

	if (sql == NULL || sqlite3_open(":memory:", &sql->db) != SQLITE_OK)
		bench_die("SQLite does not open");
	cm_buf_init(&text, 0);
	for (size_t i = 0; i < BENCH_RULES; i++) {
		cm_buf_printf(&text, "%sSELECT %zu WHERE ", i > 0 ? " UNION ALL " : "", i);
		bench_rule_print(set->law, set->dense, i, BENCH_SQL, &text);
	}
	if (sqlite3_prepare_v3(sql->db, cm_buf_str(&text), -1, SQLITE_PREPARE_PERSISTENT,
		&sql->statement, NULL) != SQLITE_OK)
		bench_die("SQLite: %s", sqlite3_errmsg(sql->db));
	cm_buf_fini(&text);
	return sql;
}

void bench_sql_free(struct bench_sql *sql)
{
	(void)sqlite3_finalize(sql->statement);
	(void)sqlite3_close(sql->db);
	free(sql);
}

struct bench_answer bench_sql_applies(struct bench_sql *sql, const struct bench_demand *demand)
{
	struct bench_answer out = {{0}};

	for (int i = 0; i < BENCH_FACTS; i++)
		(void)(demand->values[i] == BENCH_UNKNOWN
			   ? sqlite3_bind_null(sql->statement, i + 1)
			   : sqlite3_bind_int64(sql->statement, i + 1, demand->values[i]));
	while (sqlite3_step(sql->statement) == SQLITE_ROW) {
		int rule = sqlite3_column_int(sql->statement, 0);

		out.bits[rule / 64] |= UINT64_C(1) << (rule % 64);
	}
	(void)sqlite3_reset(sql->statement);
	return out;
}
