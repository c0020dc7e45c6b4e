"""The names of all commands, and where they are (lazy.py imports them when they are called)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """One command: where it is, and what the list of commands says of it."""

    function: str
    """`module:function` in `services.cli`."""
    help: str
    """The first line of the function's docstring, for the list of commands."""
    college: bool = False
    """Where there is no college it says so, and creates nothing."""
    imports: bool = False
    """Interrupted, it says how to go on."""
    below: Mapping[str, Command] = field(default_factory=dict)
    """Commands whose names stand where others are arguments of this one: `ingest undo` beside `ingest FILE`."""


@dataclass(frozen=True)
class Group:
    """Commands under a common name."""

    help: str
    commands: Mapping[str, Command]


COMMANDS: Mapping[str, Command | Group] = {
    "run": Command("run:run", "Take events in, warn, and serve the pages until Ctrl-C. 运行服务"),
    "demo": Command("demo:demo", "A sample college: the term so far, then today's events at a visible pace. 示例学校"),
    "ingest": Command(
        "ingest:ingest",
        "Take files of events in. Good rows go on, bad ones are kept with their reasons. 导入事件文件",
        imports=True,
        below={
            "runs": Command("runs:list_", "Every import, and what it brought. 全部导入批次", college=True),
            "undo": Command(
                "runs:undo",
                "Take back what a run brought; what others have said of it stands. 撤销一个导入批次",
                college=True,
            ),
        },
    ),
    "warnings": Command("warnings_:warnings", "Every warning that there ever was. 全部预警", college=True),
    "backtest": Command(
        "backtest:run",
        "Compare two rule folders over the log, or over files of events. 用日志或文件试算新旧规则的差异",
    ),
    "why": Command(
        "explain:why",
        "Why somebody has, or does not have, a warning, and who was told. 为什么有（没有）预警",
        college=True,
    ),
    "rejected": Group(
        "What was refused, and why. 被拒收的数据及原因",
        {
            "list": Command("rejected:list_", "What waits. 列出", college=True),
            "show": Command("rejected:show", "One reject, with its bytes. 显示一条及其原始字节", college=True),
            "retry": Command(
                "rejected:retry_", "Try again, after the directory or a schema was mended. 重新导入", college=True
            ),
        },
    ),
    "import": Group(
        "Real data sets, replayed. 真实数据集回放",
        {
            "nyc": Command("imports:nyc_", "New York City's daily attendance. 纽约市每日到校率"),
            "oulad": Command(
                "imports:oulad_", "Open University Learning Analytics Dataset. 英国开放大学学习分析数据集"
            ),
        },
    ),
    "sources": Group(
        "Who may send events by the API. 谁可以通过接口发送事件",
        {
            "add": Command(
                "sources:add",
                "Make a token, shown once, for a source that sends by the API. 为数据来源创建令牌（只显示一次）",
                college=True,
            ),
            "list": Command(
                "sources:list_",
                "All tokens: whose, for what, when made, last used and revoked. 全部令牌",
                college=True,
            ),
            "revoke": Command(
                "sources:revoke",
                "End a token; a running service knows within a second. 吊销令牌",
                college=True,
            ),
        },
    ),
    "accounts": Group(
        "Who signs in, and how. 登录与本地账号",
        {
            "check": Command(
                "providers:check",
                "Ask each sign-in provider that is set whether it would work, without signing anybody in."
                " 检查登录方式是否可用",
            ),
            "add": Command(
                "accounts:add",
                "Print a link by which a person sets a password once, within 24 hours. 生成一次性设置密码链接",
                college=True,
            ),
            "list": Command(
                "accounts:list_",
                "All local accounts, and who of them is not there any more. 全部本地账号，并标明已不在岗者",
                college=True,
            ),
            "remove": Command(
                "accounts:remove",
                "End a local account, and every session of its owner. 删除本地账号",
                college=True,
            ),
        },
    ),
    "directory": Group(
        "People, roles, classes, courses. 人员、角色、班级、课程",
        {
            "check": Command(
                "directory:check",
                "Does every rule reach somebody with a working channel? 每条规则是否都有可送达的责任人",
                college=True,
            ),
            "import": Command(
                "directory:import_",
                "Take a new directory into use, after showing what it changes. 导入并启用新的人员目录，先显示差异",
            ),
            "draft": Command(
                "directory_draft:draft",
                "Make a directory of the files of other systems, to look at and to import."
                " 由其他系统导出的文件生成目录",
            ),
            "publish": Command(
                "directory:publish",
                "Make a directory that of the cluster, after showing what it changes."
                " 在集群中启用新的人员目录，先显示差异",
            ),
        },
    ),
    "mapping": Group(
        "How the files of other systems are read. 其他系统文件的映射",
        {
            "check": Command("mapping:check", "Check a mapping: every error with file:line:col. 检查映射文件"),
            "list": Command("mapping:list_", "The mappings that there are. 列出已有映射"),
            "draft": Command(
                "mapping:draft",
                "Look at unknown files and write a first mapping, with what is certain and what is not."
                " 为未知文件起草映射",
            ),
        },
    ),
    "rules": Group(
        "Check and list rules. 检查与列出规则",
        {
            "check": Command(
                "rules:check",
                "Check rule files, standards and calendar: every error with file:line:col, then what is doubtful."
                " 检查规则文件",
            ),
            "list": Command("rules:list_", "List rules with the catalogue's row, levels, file and line. 列出规则"),
            "test": Command(
                "rules_test:run_tests",
                "Run FOLDER/tests/*.test.yaml: what fails, with file:line:col, and what the tests cover. 运行规则测试",
            ),
            "schema": Command(
                "rules:schema",
                "Write the JSON Schemas of rule files and standards, for editors."
                " 生成规则文件的 JSON Schema，供编辑器使用",
            ),
            "explain": Command(
                "explain:explain",
                "A rule as a sentence, its thresholds, who is told, and its tests. 用一句话解释规则",
            ),
            "copy": Command(
                "rules_publish:copy",
                "Copy the rules in use, with their tests, to work on. 复制正在使用的规则，以便修改",
            ),
            "publish": Command(
                "rules_publish:publish",
                "Put a folder into use, as the next rule set revision: in this home, or with brokers in the cluster."
                " 发布规则",
            ),
            "roll-back": Command(
                "rules_publish:roll_back",
                "Put the rules of an earlier rule set revision into use again, as the next one. 回退到以前的版次",
            ),
            "live": Command(
                "rules_live:live",
                "Put rules live that are on trial: what they find from here on is sent. 规则由试运行转为正式",
                college=True,
            ),
            "revisions": Command(
                "rules_publish:revisions",
                "The rule sets of this home or cluster: who published which, when and why. 规则版次及来历",
                college=True,
            ),
        },
    ),
    "timetable": Group(
        "The lessons of a term. 课表",
        {
            "import": Command(
                "timetable:import_",
                "Publish the lessons of a term; of a term that was published before, what is another one now. 导入课表",
                college=True,
                imports=True,
            ),
            "show": Command(
                "timetable:show",
                "The lessons of a class in a week, also those that were cancelled or moved. 一个班一周的课",
                college=True,
            ),
        },
    ),
    "standards": Group(
        "Which standard applies, and why. 适用哪条标准及原因",
        {
            "show": Command(
                "explain:show",
                "Which standard applies to somebody, its values, and why this one. 对象适用的标准及原因",
                college=True,
            ),
        },
    ),
    "channels": Group(
        "Channels to people. 通知渠道",
        {
            "test": Command(
                "channels:try_out",
                "Send one message; exit code 0: taken, 1: refused, or nobody knows, 2: not an address."
                " 发送一条测试消息",
            ),
            "list": Command(
                "channels:list_",
                "The channels that are stopped since their provider refuses them for good. 已停用的渠道",
            ),
            "resume": Command("channels:resume", "Send to a stopped channel again. 恢复已停用的渠道"),
        },
    ),
    "silences": Group(
        "Let messages wait, with author, reason and end. 静默",
        {
            "add": Command(
                "silences:add",
                "Messages about matching warnings wait until then; warnings are shown as before. 设置静默",
                college=True,
            ),
            "list": Command("silences:list_", "All silences that there ever were. 全部静默", college=True),
            "end": Command("silences:end", "End a silence now: what it has held goes out. 立即结束静默", college=True),
        },
    ),
    "report": Group(
        "Whether the warnings work. 实效性分析",
        {
            "effectiveness": Command(
                "report:effectiveness",
                "What became of the warnings of a period, beside the one before and last year. 预警机制实效性分析报告",
                college=True,
            ),
        },
    ),
    "backup": Command(
        "backup:backup", "Copy a home whole and consistent, also while it runs. 备份（可在运行中进行）", college=True
    ),
    "restore": Command("backup:restore", "Put a copy into a home that is empty or not there. 恢复备份到空的数据文件夹"),
    "doctor": Command(
        "doctor:doctor",
        "Whether the files of a home are sound and belong together. 检查数据是否完好、是否配套",
        college=True,
    ),
    "person": Group(
        "What is held of one person: handed out to them, or erased. 个人数据的导出与抹去",
        {
            "export": Command(
                "person:export",
                "Hand out all that is held of a person: JSON, and a page in each language. 导出某人的全部数据",
                college=True,
            ),
            "erase": Command(
                "person:erase",
                "Make a person who has left a pseudonym, everywhere and for good. 抹去已离开者的身份，不可恢复",
                college=True,
            ),
            "erased": Command(
                "person:erased",
                "Every erasure: when, which pseudonym, who decided it and why. 全部抹去记录",
                college=True,
            ),
        },
    ),
    "retention": Group(
        "How long what is kept. 保存期限",
        {
            "apply": Command(
                "retention:apply",
                "Delete what is older than the policy says; also while the service runs. 删除超过保存期限的内容",
                college=True,
            ),
            "show": Command(
                "retention:show", "The policy in force, and when it was applied. 现行保存期限与执行记录", college=True
            ),
        },
    ),
    "topics": Group(
        "The topics of the cluster mode on Kafka. 集群模式的 Kafka 主题",
        {
            "apply": Command(
                "topics:apply",
                "Create what is missing and alter what differs; doing it again does nothing. 创建或调整主题",
            ),
        },
    ),
}
