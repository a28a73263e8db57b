"""The rows of a shop: what is true of ONE row, with constraints that make wrong states impossible."""

from salesbot.database import BigId, EncryptedText, Money, UTCDateTime, db
from salesbot.models.advertisements import Advertisement
from salesbot.models.audit import AuditEntry
from salesbot.models.catalog import Category, LicenceKey, Product
from salesbot.models.consent import Consent
from salesbot.models.conversations import Conversation, Message
from salesbot.models.coupons import Coupon
from salesbot.models.customers import Customer, CustomerAddress
from salesbot.models.deliveries import Delivery
from salesbot.models.inbox import CannedReply, ConversationEvent, ConversationLabel, Label, Presence
from salesbot.models.jobs import Job
from salesbot.models.news import NewsChoice, Notice, NoticeMail, NoticePush, PushDevice
from salesbot.models.orders import Order, OrderEvent, OrderLine
from salesbot.models.payments import Payment, PaymentEvent, Refund
from salesbot.models.shop import (
    PluginFailure,
    PluginState,
    PluginUsage,
    ShopRevision,
    ShopSetting,
    WorkerBeat,
)
from salesbot.models.staff import StaffUser
from salesbot.models.waiting import StockWait
from salesbot.models.whatsapp import ContentTemplate, MessageTemplate, WebhookTrouble
from salesbot.models.wording import MenuLine, NotNeeded, QuickAnswer, Wording

ALL = (
    Category,
    Product,
    LicenceKey,
    Coupon,
    Customer,
    CustomerAddress,
    Consent,
    Conversation,
    Message,
    Label,
    ConversationLabel,
    ConversationEvent,
    CannedReply,
    Order,
    OrderLine,
    OrderEvent,
    Payment,
    PaymentEvent,
    Refund,
    Delivery,
    StockWait,
    StaffUser,
    Presence,
    Notice,
    NewsChoice,
    NoticeMail,
    PushDevice,
    NoticePush,
    ShopSetting,
    ShopRevision,
    PluginState,
    PluginFailure,
    ContentTemplate,
    MessageTemplate,
    PluginUsage,
    Job,
    WebhookTrouble,
    WorkerBeat,
    AuditEntry,
    Wording,
    Advertisement,
    QuickAnswer,
    MenuLine,
    NotNeeded,
)

__all__ = [
    "ALL",
    "Advertisement",
    "AuditEntry",
    "BigId",
    "CannedReply",
    "Category",
    "Consent",
    "ContentTemplate",
    "Conversation",
    "ConversationEvent",
    "ConversationLabel",
    "Coupon",
    "Customer",
    "CustomerAddress",
    "Delivery",
    "EncryptedText",
    "Job",
    "Label",
    "LicenceKey",
    "MenuLine",
    "Message",
    "MessageTemplate",
    "Money",
    "NewsChoice",
    "NotNeeded",
    "Notice",
    "NoticeMail",
    "NoticePush",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Payment",
    "PaymentEvent",
    "PluginFailure",
    "PluginState",
    "PluginUsage",
    "Presence",
    "Product",
    "PushDevice",
    "QuickAnswer",
    "Refund",
    "ShopRevision",
    "ShopSetting",
    "StaffUser",
    "StockWait",
    "UTCDateTime",
    "WebhookTrouble",
    "Wording",
    "WorkerBeat",
    "db",
]
