#include "protocol/post/rows.h"

#include "protocol/wire/schema.h"

const char *cm_row_name(uint32_t kind)
{
	switch (kind) {
	case CM_ROW_ASKED_AGAIN:
		return "asked_again";
	case CM_ROW_ORIGINAL:
		return "original";
	case CM_ROW_SEALED:
		return "sealed";
	case CM_ROW_DESTROYED:
		return "destroyed";
	case CM_ROW_READ:
		return "read";
	case CM_ROW_WAITED:
		return "waited";
	case CM_ROW_UNCHANGED:
		return "unchanged";
	case CM_ROW_REFUSED:
		return "refused";
	case CM_ROW_RELATED:
		return "related";
	case CM_ROW_CLOCK:
		return "clock";
	case CM_ROW_OWNER:
		return "owner";
	case CM_ROW_MOVED:
		return "moved";
	case CM_ROW_MANIFEST:
		return "manifest_used";
	case CM_ROW_OP_REFUSED:
		return "op_refused";
	case CM_ROW_SHOWN:
		return "shown";
	case CM_ROW_ACT:
		return "act";
	case CM_ROW_SIGNED:
		return "signed";
	default:
		return cm_kind_name((enum cm_kind)kind);
	}
}
