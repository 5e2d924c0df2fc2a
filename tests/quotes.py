"""Sentences of the seeds that give somebody's word, as the tests of claims quote them."""

ENTERED = (
    "The insurgents claimed on their Telegram channel on Thursday that they had entered Hama and were marching "
    "toward its centre."
)
ACCUSED = (
    "The Syrian army said in a statement later that a number of troops were killed after resisting the insurgents for "
    "days. It accused the attackers of relying on suicide attacks."
)
CHIEF = (
    "“If Hama falls, it means that the beginning of the regime’s fall has started,” the Observatory’s chief, Rami "
    "Abdurrahman, told The Associated Press before the city’s capture."
)
