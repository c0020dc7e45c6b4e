"""Chinese names with their pinyin. Invented: any likeness is chance."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_SURNAMES = (
    "王wang 李li 张zhang 刘liu 陈chen 杨yang 赵zhao 黄huang 周zhou 吴wu 徐xu 孙sun 马ma 朱zhu 胡hu 林lin 郭guo 何he "
    "高gao 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 韩han 冯feng 邓deng 曹cao 彭peng 曾zeng 田tian 董dong 潘pan 袁yuan"
)
_YOUNG = (
    "子涵zihan 雨桐yutong 浩然haoran 欣怡xinyi 思远siyuan 佳琪jiaqi 梓轩zixuan 诗雅shiya 宇航yuhang 晓燕xiaoyan "
    "俊杰junjie 梦洁mengjie 天宇tianyu 雅婷yating 文博wenbo 嘉怡jiayi 一鸣yiming 可欣kexin 泽宇zeyu 婉清wanqing "
    "博文bowen 静怡jingyi 志远zhiyuan 若曦ruoxi 昊天haotian 丽娜lina 鹏飞pengfei 晨曦chenxi 家豪jiahao 乐瑶leyao"
)
_OLDER = (
    "建国jianguo 秀英xiuying 志强zhiqiang 丽华lihua 国庆guoqing 海燕haiyan 永刚yonggang 玉兰yulan 卫东weidong "
    "淑芬shufen 明辉minghui 红梅hongmei 立新lixin 春梅chunmei 晓东xiaodong 桂芳guifang 振华zhenhua 雪梅xuemei"
)


@dataclass(frozen=True)
class Name:
    """One name, as it is written and as an id."""

    written: str
    pinyin: str
    """Surname first: `wang-zihan`."""

    @property
    def latin(self) -> str:
        """As it is written in English: `Wang Zihan`."""
        return self.pinyin.replace("-", " ").title()


def young(dice: Random, count: int) -> list[Name]:
    """So many students' names, all different in pinyin."""
    return _sample(dice, _YOUNG, count)


def older(dice: Random, count: int) -> list[Name]:
    """So many staff's names, all different in pinyin."""
    return _sample(dice, _OLDER, count)


def _sample(dice: Random, given: str, count: int) -> list[Name]:
    pairs = [(a, b) for a in map(_split, _SURNAMES.split()) for b in map(_split, given.split())]
    return [Name(a[0] + b[0], f"{a[1]}-{b[1]}") for a, b in dice.sample(pairs, count)]


def _split(word: str) -> tuple[str, str]:
    border = next(i for i, letter in enumerate(word) if letter.isascii())
    return word[:border], word[border:]
