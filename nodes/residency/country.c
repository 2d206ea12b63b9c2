#include "nodes/residency/row.h"

#include <string.h>

/* ISO 3166-1 alpha-2, officially assigned, with XK. Sorted, two letters each. */
static const char codes[] = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZ"
			    "BABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZ"
			    "CACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ"
			    "DEDJDKDMDODZ"
			    "ECEEEGEHERESET"
			    "FIFJFKFMFOFR"
			    "GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY"
			    "HKHMHNHRHTHU"
			    "IDIEILIMINIOIQIRISIT"
			    "JEJMJOJP"
			    "KEKGKHKIKMKNKPKRKWKYKZ"
			    "LALBLCLILKLRLSLTLULVLY"
			    "MAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ"
			    "NANCNENFNGNINLNONPNRNUNZ"
			    "OM"
			    "PAPEPFPGPHPKPLPMPNPRPSPTPWPY"
			    "QA"
			    "RERORSRURW"
			    "SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZ"
			    "TCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ"
			    "UAUGUMUSUYUZ"
			    "VAVCVEVGVIVNVU"
			    "WFWS"
			    "XK"
			    "YEYT"
			    "ZAZMZW";

bool cm_country_is_known(const char *code, size_t len)
{
	size_t low = 0;
	size_t high = (sizeof codes - 1) / 2;

	if (len != 2)
		return false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = memcmp(code, codes + 2 * middle, 2);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
