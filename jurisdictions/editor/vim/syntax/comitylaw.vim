" Files of law: jurisdictions/README.md. A word gets its colour from where it stands.

if exists("b:current_syntax")
  finish
endif

" Words have single dots and dashes inside.
syntax iskeyword @,48-57,_,45,46
syntax case match

syntax match comityName /\<[A-Za-z_]\k*\>/
syntax match comityNumber /\<\d\+\>/
syntax match comityCountry /\<\u\u\>/
syntax match comityDate /\<\d\{4}-\d\{2}-\d\{2}\>/
syntax match comityDigest /\<\x\{64}\>/
syntax match comityAnswer /\<\%(yes\|no\|unknown\|nobody\)\>/

" Conditions
syntax match comityOperator /\<\%(and\|or\|not\)\>/
syntax match comityOperator /\<is\>\%(\s\+not\>\)\=\%(\s\+one\s\+of\>\|\s\+none\s\+of\>\|\s\+in\>\|\s\+only\>\)\=/
syntax match comityOperator /\<includes\>\%(\s\+\%(any\|all\|none\)\s\+of\>\)\=/
syntax match comityOperator /\<at\s\+\%(least\|most\)\>/
syntax match comityOperator /\<\%(more\|less\)\s\+than\>/
syntax match comityOperator /\<\%(before\|on\s\+or\s\+after\)\>/
syntax match comityOperator /\<cannot\s\+be\s\+determined\>/
syntax match comityOperator /\<\%(plus\|minus\)\>\ze\s\+\d/

" Clauses
syntax match comityClause /\<\%(url\|uses\|extendable\)\>\ze\s*"/
syntax match comityClause /\<\%(from\|until\|retrieved\|on\)\>\ze\s\+\d/
syntax match comityClause /\<by\s\+date\s\+of\s\+\%(service\|issue\|conduct\|decision\)\>/
syntax match comityClause /\<\%(sha256\|digest\)\>\ze\s\+\x/
syntax match comityClause /\<\%(binding\s\+on\|given\s\+effect\s\+by\|asked\s\+as\)\>/
syntax match comityClause /\<sensitive\>\ze\s*$/
syntax match comityClause /\<because\s\+\%(superior\|specialis\|posterior\|derogation\|treaty\|reciprocity\)\>/
syntax match comityType /\<is\s\+\%(yes-or-no\|judgment\|one\s\+of\|set\s\+of\|number\s\+of\|date\|country\|countries\)\>/ contained

" Fields, at the beginning of a line
syntax match comityField /^\s*\zs\%(title\|text\|cite\|penalty\|ask\|note\|owner\)\>\ze\s*"/
syntax match comityField /^\s*\zsexplain\>\ze\%(\s\+\k\+\)\=\s*"/
syntax match comityField /^\s*\zssource\s\+\%(constitution\|treaty\|statute\|regulation\|case\|guidance\|contract\|policy\)\>/
syntax match comityField /^\s*\zsin\s\+force\>/
syntax match comityField /^\s*\zs\%(applies\s\+when\|means\)\>/
syntax match comityField /^\s*\zsreading\>\ze\s\+\k\+/
syntax match comityField /^\s*\zsstrength\s\+\%(absolute\|default\|discretionary\)\>/
syntax match comityField /^\s*\zsdeadline\>\ze\s\+\d/
syntax match comityField /^\s*\zs\%(weekend\|holiday\|rolls\s\+\%(forward\|back\)\)\>/
syntax match comityField /^\s*\zs\%(reviewed\s\+by\|review\s\+again\s\+by\)\>/
syntax match comityField /^\s*\zs\%(defeats\|subject\s\+to\)\>/ nextgroup=comityRuleReference skipwhite
syntax match comityRuleReference /\<\k\+\%(,\_s*\k\+\)*/ contained
syntax match comityField /^\s*\zseffect\>/ nextgroup=comityPermits,comityRequires,comityForbids,comityHuman skipwhite
syntax match comityPermits /\<permits\>/ contained nextgroup=comityAct skipwhite
syntax match comityRequires /\<requires\>/ contained nextgroup=comityAct skipwhite
syntax match comityForbids /\<forbids\>/ contained nextgroup=comityAct skipwhite
syntax match comityHuman /\<needs-human\>/ contained nextgroup=comityAct skipwhite
syntax match comityAct /\<\k\+\>/ contained

" Tests
syntax match comityTest /^\s*\zstest\>\ze\s*"/
syntax match comityTest /\<given\>\%(\s\+effect\)\@!/
syntax match comityTest /\<real\s\+case\>/
syntax match comityTest /\<expect\s\+\%(applies\|silent\|undetermined\%(\s\+needing\)\=\)\>/
syntax match comityTest /\<expect\s\+\%(defeated\s\+by\|conflict\s\+with\)\>/ nextgroup=comityRuleReference skipwhite

" Items
syntax match comityItem /^\%(rule\|term\|set\|calendar\|act\)\>/ nextgroup=comityItemName skipwhite
syntax match comityItem /^fact\>/ nextgroup=comityFactName skipwhite
syntax match comityItem /^end\>/
syntax match comityItemName /\<\k\+\>/ contained
syntax match comityFactName /\<\k\+\>/ contained nextgroup=comityType skipwhite
syntax match comityItem /^law\s\+language\s\+\d\+\s\+jurisdiction\>/ nextgroup=comityItemName skipwhite

" What hides all else
syntax region comityString start=/"/ end=/"/ contains=comityPlaceholder,@Spell
syntax match comityPlaceholder /{\k\+}/ contained
syntax match comityComment /#.*$/ contains=@Spell

" Long texts may begin many lines above the window.
syntax sync minlines=200

highlight default link comityAct Function
highlight default link comityAnswer Boolean
highlight default link comityClause Statement
highlight default link comityComment Comment
highlight default link comityCountry Constant
highlight default link comityDate Number
highlight default link comityDigest Number
highlight default link comityFactName Identifier
highlight default link comityField Keyword
highlight default link comityForbids Exception
highlight default link comityHuman Todo
highlight default link comityItem Structure
highlight default link comityItemName Function
highlight default link comityName Identifier
highlight default link comityNumber Number
highlight default link comityOperator Operator
highlight default link comityPermits Type
highlight default link comityPlaceholder Special
highlight default link comityRequires Statement
highlight default link comityRuleReference Function
highlight default link comityString String
highlight default link comityTest PreProc
highlight default link comityType Type

let b:current_syntax = "comitylaw"
